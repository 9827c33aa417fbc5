import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ResponseEffect, responseEffect } from '../../core/recovery/response-effect.ts';

const test = suite('The effect of failure responses (RFC 5057 §5.1, table 2)');

/** The table as it is printed, as a request that the INVITE usage cannot do without meets it. */
const rows: readonly (readonly [ResponseEffect, readonly number[]])[] = [
  ['transaction', [400, 401, 402, 403, 406, 407, 412, 413, 414, 415, 417, 420, 421, 422, 423, 428, 429]],
  ['transaction', [436, 437, 438, 486, 487, 488, 491, 493, 494]],
  ['transaction', [500, 503, 504, 505, 513, 580, 600, 603, 606]],
  ['usage', [405, 480, 481, 501]],
  ['dialog', [404, 410, 416, 482, 483, 484, 485, 502, 604]],
];
const listed: ReadonlyMap<number, ResponseEffect> = new Map(
  rows.flatMap(([effect, statuses]) => statuses.map((status) => [status, effect] as const)),
);

for (const [status, effect] of listed) {
  test(`${status} ends the ${effect}`, () => assert.is(responseEffect('INVITE', status), effect));
}

test('408 ends what no answer at all would end: the usage (notes 4, §5.2)', () => {
  assert.is(responseEffect('INVITE', 408), 'usage');
});

test('489 outside a subscription is an unknown 4xx (note 12)', () => {
  assert.is(responseEffect('INVITE', 489), 'transaction');
});

test('what is not listed is 400, 500 or 600: it ends its transaction alone; so does every 3xx', () => {
  for (let status = 300; status < 700; status++) {
    if (listed.has(status) || status === 408 || status === 489) continue;
    assert.is(responseEffect('INVITE', status), 'transaction', String(status));
  }
});

test('405 and 501 to a method that the usage can do without end the transaction alone (note 3)', () => {
  for (const method of ['INFO', 'UPDATE', 'PRACK', 'MESSAGE', 'OPTIONS', 'FOO']) {
    for (const status of [405, 501]) assert.is(responseEffect(method, status), 'transaction', `${status} ${method}`);
  }
});

test('a usage ends by a request of its own: not by OPTIONS, MESSAGE or an unknown method (§5.3)', () => {
  for (const status of [408, 480, 481]) {
    for (const method of ['UPDATE', 'PRACK', 'INFO']) assert.is(responseEffect(method, status), 'usage', method);
    for (const method of ['OPTIONS', 'MESSAGE', 'FOO'])
      assert.is(responseEffect(method, status), 'transaction', method);
  }
});

test('what ends the dialog ends it whichever request it answers', () => {
  for (const method of ['OPTIONS', 'MESSAGE', 'FOO', 'INFO', 'UPDATE']) {
    for (const status of rows.at(-1)?.[1] ?? []) assert.is(responseEffect(method, status), 'dialog', method);
  }
});

test.run();
