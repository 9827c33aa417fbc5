import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  HeaderId,
  headerIdCount,
  headerIdOf,
  headerIdOfName,
  headerName,
  isHeaderName,
  isHeaderValue,
  sameHeaderName,
} from '../../core/message/header.ts';
import { octets } from './sample.ts';

const test = suite('Header names (RFC 3261 §7.3)');

test('every id has a name of its own, found in any case', () => {
  const names = new Set<string>();
  for (let id = 1; id < headerIdCount; id++) {
    const name = headerName(id as HeaderId);
    names.add(name.toLowerCase());
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()])
      assert.is(headerIdOfName(spelling), id, spelling);
    assert.is(headerIdOfName(`${name}x`), HeaderId.Other);
    assert.is(headerIdOfName(`x${name}`), HeaderId.Other);
  }
  assert.is(names.size, headerIdCount - 1);
  assert.is(headerName(HeaderId.Other), '');
});

test('compact forms name the same fields', () => {
  const compact: readonly (readonly [string, HeaderId])[] = [
    ['v', HeaderId.Via],
    ['f', HeaderId.From],
    ['t', HeaderId.To],
    ['i', HeaderId.CallId],
    ['m', HeaderId.Contact],
    ['k', HeaderId.Supported],
    ['c', HeaderId.ContentType],
    ['l', HeaderId.ContentLength],
    ['e', HeaderId.ContentEncoding],
    ['s', HeaderId.Subject],
    ['x', HeaderId.SessionExpires],
    ['o', HeaderId.Event],
    ['r', HeaderId.ReferTo],
    ['b', HeaderId.ReferredBy],
    ['u', HeaderId.AllowEvents],
  ];
  for (const [form, id] of compact) {
    assert.is(headerIdOfName(form), id);
    assert.is(headerIdOfName(form.toUpperCase()), id);
  }
  for (const form of 'adghjnpqwyz') assert.is(headerIdOfName(form), HeaderId.Other);
});

test('what is no name is no known name', () => {
  for (const name of ['', ' ', 'Call\rID', 'Vi', 'Viá', 'CSeq ', 'To\u0000', 'x'.repeat(300)]) {
    assert.is(headerIdOfName(name), HeaderId.Other, JSON.stringify(name));
  }
  assert.is(headerIdOf(octets('xViax'), 1, 4), HeaderId.Via);
  assert.is(headerIdOf(octets('x'), 0, 0), HeaderId.Other);
});

test('a program’s names and values are told from what would break the message', () => {
  assert.is(isHeaderName("X-1_2.!%*+`'~"), true);
  for (const name of ['', 'X Y', 'X:', 'Grüße', 'X\r\n']) assert.is(isHeaderName(name), false, name);
  assert.is(isHeaderValue('Grüße, "x"\t<y>'), true);
  assert.is(isHeaderValue(''), true);
  for (const value of ['a\r\nb', 'a\rb', 'a\nb', 'a\u0000b', '\r\n folded']) assert.is(isHeaderValue(value), false);
});

test('names are the same in any case', () => {
  assert.is(sameHeaderName('X-Custom', 'x-cUSTOM'), true);
  assert.is(sameHeaderName('X-Custom', 'X-Custo'), false);
  assert.is(sameHeaderName('X@', 'X`'), false);
});

test.run();
