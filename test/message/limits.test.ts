import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageLimits } from '../../core/limits.ts';
import { parseChallenge } from '../../core/message/challenge.ts';
import type { Presence } from '../../core/message/presence.ts';
import { ReplacesView, readReplaces } from '../../core/message/replaces.ts';
import { parseUriText } from '../../core/message/uri.ts';
import { UriList } from '../../core/message/uri-list.ts';
import { type Fields, request, scanned, update, verdict } from './sample.ts';

const test = suite('Bounds on one message');

const { headSize, bodySize, headerCount, listCount, paramCount } = messageLimits;

test('a head may have so many octets and no more', () => {
  const short = update({ Subject: '' }).length;
  assert.is(verdict(update({ Subject: 'x'.repeat(headSize - short) })), 'taken');
  assert.is(verdict(update({ Subject: 'x'.repeat(headSize - short + 1) })), '513 head-too-large');
  const withBody = update({ Subject: 'x'.repeat(headSize - short) }, 'body');
  assert.is(scanned(withBody).text(scanned(withBody).body), 'body');
});

test('a body may have so many octets and no more, with Content-Length or without', () => {
  const body = 'x'.repeat(bodySize);
  for (const fields of [{}, { 'Content-Length': String(bodySize) }] satisfies Fields[]) {
    assert.is(verdict(update(fields, body)), 'taken');
  }
  assert.is(verdict(update({}, `${body}x`)), '413 body-too-large');
  assert.is(verdict(update({ 'Content-Length': String(bodySize + 1) }, `${body}x`)), '413 body-too-large');
  assert.is(verdict(update({ 'Content-Length': String(bodySize) }, `${body}x`)), 'taken', 'what is behind is no body');
});

test('a head may have so many lines and no more', () => {
  const lines = (count: number): Fields => ({ Subject: Array.from({ length: count }, (_, i) => String(i)) });
  assert.is(verdict(update(lines(headerCount - 5))), 'taken');
  assert.is(verdict(update(lines(headerCount - 4))), '513 too-many-headers');
});

test('a Route or Record-Route may have so many values and no more, on one line or on many', () => {
  const values = (count: number): string[] => Array.from({ length: count }, (_, i) => `<sip:p${i};lr>`);
  const list = new UriList();
  for (const [count, presence] of [
    [listCount, 'present'],
    [listCount + 1, 'malformed'],
  ] as const) {
    for (const value of [values(count), values(count).join(', ')]) {
      assert.is(scanned(update({ Route: value })).routes(list), presence);
      assert.is(scanned(update({ 'Record-Route': value })).recordRoutes(list), presence);
    }
  }
});

/** What becomes of a value with so many parameters. */
const params = (count: number): string => ';p'.repeat(count);
const valuesWithParams: readonly [name: string, read: (count: number) => Presence | boolean][] = [
  ['From', (count) => verdict(update({ From: `<sip:a@b>;tag=1${params(count - 1)}` })) === 'taken'],
  ['To', (count) => verdict(update({ To: `sip:a@b${params(count)}` })) === 'taken'],
  ['Via', (count) => verdict(update({ Via: `SIP/2.0/UDP a;branch=z9hG4bK1${params(count - 1)}` })) === 'taken'],
  [
    'second Via',
    (count) => scanned(update({ Via: ['SIP/2.0/UDP a', `SIP/2.0/UDP b${params(count)}`] })).secondVia.presence,
  ],
  ['Contact', (count) => scanned(update({ Contact: `<sip:a@b>${params(count)}` })).contact.presence],
  ['URI of a Contact', (count) => scanned(update({ Contact: `<sip:a@b${params(count)}>` })).contact.presence],
  [
    'headers of a URI',
    (count) => scanned(update({ Contact: `<sip:b?p=1${'&p=1'.repeat(count - 1)}>` })).contact.presence,
  ],
  ['Request-URI', (count) => verdict(request(`UPDATE sip:a@b${params(count)} SIP/2.0`)) === 'taken'],
  ['URI of a Route', (count) => scanned(update({ Route: `<sip:a${params(count)}>` })).routes(new UriList())],
  [
    'Record-Route',
    (count) => scanned(update({ 'Record-Route': `<sip:a>${params(count)}` })).recordRoutes(new UriList()),
  ],
  ['Session-Expires', (count) => scanned(update({ 'Session-Expires': `90${params(count)}` })).sessionExpires.presence],
  ['Min-SE', (count) => scanned(update({ 'Min-SE': `90${params(count)}` })).minSe.presence],
  ['Retry-After', (count) => scanned(update({ 'Retry-After': `9 (c)${params(count)}` })).retryAfter.presence],
  [
    'Replaces',
    (count) => {
      const value = `a@b;to-tag=1;from-tag=2${params(count - 2)}`;
      return readReplaces(scanned(update({ Replaces: value })), new ReplacesView());
    },
  ],
  ['a URI by itself', (count) => parseUriText(`sip:a@b${params(count)}`) !== undefined],
  [
    'a challenge',
    (count) => {
      const others = Array.from({ length: count - 2 }, (_, i) => `, p${i}=1`).join('');
      return parseChallenge(`Digest realm="r", nonce="n"${others}`) !== undefined;
    },
  ],
];

for (const [name, read] of valuesWithParams) {
  test(`${name}: so many parameters and no more`, () => {
    assert.ok([true, 'present'].includes(read(paramCount)), 'at the bound');
    assert.ok([false, 'malformed'].includes(read(paramCount + 1)), 'past it');
  });
}

test('each value of a list has parameters of its own to count', () => {
  const value = `<sip:a;lr>${params(paramCount)}`;
  assert.is(scanned(update({ Route: `${value}, ${value}` })).routes(new UriList()), 'present');
});

test.run();
