import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MatchKey } from '../../core/transaction/match.ts';
import { type RequestParts, request, scanned } from './messages.ts';

const test = suite('MatchKey (RFC 3261 §17.2.3)');

const key = new MatchKey();

function keyOf(parts: RequestParts): string {
  assert.ok(key.write(scanned(request(parts)), parts.method === 'ACK' ? 'INVITE' : parts.method));
  return Array.from(key.bytes.subarray(0, key.length)).join();
}

test('two requests have one key only when all that counts is equal', () => {
  const token = fc.stringMatching(/^[a-c.]{1,4}$/);
  const parts = fc.record({
    method: fc.constantFrom('UPDATE', 'INFO'),
    branch: token.map((text) => `z9hG4bK${text}`),
    sentBy: fc.tuple(fc.stringMatching(/^[a-c]{1,3}$/), fc.constantFrom('', ':5060')).map((pair) => pair.join('')),
  });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = a.method === b.method && a.branch === b.branch && a.sentBy === b.sentBy;
      assert.is(keyOf(a) === keyOf(b), same);
    }),
    { seed: 7, numRuns: 500 },
  );
});

test('without the cookie the same holds for all parts of RFC 2543', () => {
  const word = fc.stringMatching(/^[ab]{1,2}$/);
  const parts = fc.record({
    method: fc.constant('UPDATE'),
    branch: fc.constantFrom(undefined, 'a', 'b'),
    toTag: word,
    callId: word,
    cseq: fc.integer({ min: 1, max: 2 }),
    uri: word.map((user) => `sip:${user}@b.example`),
  });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      assert.is(keyOf(a) === keyOf(b), JSON.stringify(a) === JSON.stringify(b));
    }),
    { seed: 8, numRuns: 500 },
  );
});

test('an ACK has the key of its INVITE, whatever its To tag', () => {
  for (const branch of ['z9hG4bKx', undefined]) {
    assert.is(keyOf({ method: 'ACK', branch, toTag: 'x' }), keyOf({ method: 'INVITE', branch }));
  }
});

test('a key has an end: what is longer is refused, in any part', () => {
  const long = 'x'.repeat(1_100);
  for (const parts of [
    { branch: `z9hG4bK${long}` },
    { sentBy: long, branch: 'z9hG4bKx' },
    { callId: long },
    { uri: `sip:${long}@b` },
  ]) {
    assert.is(key.write(scanned(request({ method: 'INFO', ...parts })), 'INFO'), false);
  }
  assert.ok(key.write(scanned(request({ method: 'INFO' })), 'INFO'));
});

test.run();
