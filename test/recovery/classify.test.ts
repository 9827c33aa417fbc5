import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  classifyHealResponse,
  classifyResponse,
  type HealVerdict,
  isHopTrouble,
  type RecoveryMode,
  type RequestVerdict,
} from '../../core/recovery/classify.ts';
import { responseEffect } from '../../core/recovery/response-effect.ts';
import { message } from '../dialog/dialogs.ts';

const test = suite('What a response says of the route');

function verdict(status: number, mode: RecoveryMode, ...actions: string[]): RequestVerdict {
  const headers = actions.map((action) => `P-Dialog-Recovery-Action: ${action}`);
  return classifyResponse(mode, message(`SIP/2.0 ${status} Because`, headers));
}

const everyStatus = Array.from({ length: 500 }, (_, i) => 200 + i);

test('a 430 is read by its recovery action', () => {
  const rows: [RequestVerdict, ...string[]][] = [
    ['heal-and-resend', 'Dialog-Route-Set-Update'],
    ['heal-and-resend', 'dialog-route-set-update'],
    ['heal-and-resend', 'DIALOG-ROUTE-SET-UPDATE, X-Other'],
    ['route-broken', 'Registration-Route-Set-Update, Dialog-Route-Set-Update'],
    ['route-broken', 'Dialog-Route-Set-Update', 'registration-route-set-update'],
    ['route-broken', 'Registration-Route-Set-Update'],
    ['route-broken', 'Wait-For-Session-Update'],
    ['route-broken', 'Wait-For-Session-Update, Dialog-Route-Set-Update'],
    ['delivered'],
    ['delivered', 'X-Other'],
    ['delivered', ''],
    ['delivered', 'Dialog Route Set Update'],
  ];
  for (const [expected, ...actions] of rows)
    assert.is(verdict(430, 'maximum', ...actions), expected, actions.join(' | '));
});

test('an action stands for nothing in another status', () => {
  assert.is(verdict(480, 'maximum', 'Dialog-Route-Set-Update'), 'route-broken');
  assert.is(verdict(486, 'maximum', 'Dialog-Route-Set-Update'), 'delivered');
});

test('in mode maximum these statuses mean hop trouble, 481 is a claim, and all else is the program’s', () => {
  const trouble = [404, 408, 477, 478, 480, 500, 502, 503, 504];
  for (const status of everyStatus) {
    const expected = trouble.includes(status) ? 'route-broken' : status === 481 ? 'said-gone' : 'delivered';
    assert.is(verdict(status, 'maximum'), expected, String(status));
    assert.is(isHopTrouble(status), trouble.includes(status), String(status));
  }
});

test('in mode none RFC 5057 decides: what ends the usage takes a BYE, what ends the dialog none, the rest is the program’s', () => {
  for (const status of everyStatus) {
    const expected = { transaction: 'delivered', usage: 'usage-over', dialog: 'gone' } as const;
    const effect = status < 300 ? 'transaction' : responseEffect('INVITE', status);
    assert.is(verdict(status, 'none'), expected[effect], String(status));
  }
  assert.is(verdict(430, 'none', 'Dialog-Route-Set-Update'), 'delivered');
});

test('a heal is read by rung and path', () => {
  const rows: [HealVerdict, number, { routeLess?: boolean; lastRung?: boolean }][] = [
    ['healed', 200, {}],
    ['healed', 299, { routeLess: true, lastRung: true }],
    ['other-path', 403, { routeLess: true }],
    ['other-path', 404, { routeLess: true, lastRung: true }],
    ['other-path', 405, { routeLess: true }],
    ['other-path', 420, { routeLess: true }],
    ['later', 403, {}],
    ['later', 404, {}],
    ['next-rung', 405, {}],
    ['later', 405, { lastRung: true }],
    ['later', 420, {}],
    ['next-rung', 501, { routeLess: true }],
    ['later', 501, { lastRung: true }],
    ['next-rung', 481, {}],
    ['next-rung', 481, { routeLess: true }],
    ['gone', 481, { lastRung: true }],
    ['glare', 491, {}],
    ['glare', 491, { lastRung: true }],
  ];
  for (const [expected, status, { routeLess = false, lastRung = false }] of rows) {
    assert.is(classifyHealResponse(status, routeLess, lastRung), expected, `${status} ${routeLess} ${lastRung}`);
  }
});

test('a heal with one Route that is refused ends the dialog only where RFC 5057 leaves no doubt', () => {
  const gone = [410, 416, 482, 483, 484, 485, 604];
  const others = [405, 481, 491, 501];
  for (const status of everyStatus.filter((each) => each >= 300 && !others.includes(each))) {
    assert.is(classifyHealResponse(status, false, false), gone.includes(status) ? 'gone' : 'later', String(status));
  }
});

test.run();
