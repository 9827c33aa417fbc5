import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from './bed.ts';

const test = suite('What a stack takes of memory');

const kinds = ['dialogs', 'clientTransactions', 'serverTransactions', 'timers'] as const;

test('is told by kind, falls with what ends, and is kept for what comes', async () => {
  const ground = await bed({ stack: { limits: { dialogs: 100, transactions: 1000 } } });
  const { near, take } = ground;
  const rest = await take(near.memory());
  for (const kind of ['dialogs', 'clientTransactions', 'serverTransactions'] as const) {
    const { count, usedSize, heldSize } = rest[kind];
    assert.equal({ count, usedSize, heldSize }, { count: 0, usedSize: 0, heldSize: 0 }, kind);
  }
  assert.is(rest.dialogs.capacity, 200, 'dialogs, and as many that are owed a BYE');
  assert.is(rest.clientTransactions.capacity, 1000);

  const calls = [];
  for (let count = 1; count <= 3; count++) {
    const { dialog, raw } = await call(ground);
    raw.request('OPTIONS');
    await ground.clock.run(5);
    calls.push(dialog);
    const { dialogs, serverTransactions, timers } = await take(near.memory());
    assert.is(dialogs.count, count);
    // Its row in all columns, and its record.
    assert.ok(dialogs.usedSize >= 250 * count && dialogs.usedSize <= 900 * count, String(dialogs.usedSize));
    assert.is(serverTransactions.count, count);
    assert.ok(serverTransactions.usedSize >= 300 * count, String(serverTransactions.usedSize));
    assert.is(timers.usedSize, 24 * timers.count);
  }
  const full = await take(near.memory());
  assert.is(full.timers.count, (await take(near.counts())).timers);
  for (const dialog of calls.slice(1)) await take(dialog.bye());
  await ground.clock.run(40_000);
  const after = await take(near.memory());
  assert.is(after.dialogs.count, 1);
  assert.ok(after.dialogs.usedSize < full.dialogs.usedSize / 2);
  for (const kind of kinds) assert.ok(after[kind].heldSize >= full[kind].heldSize, kind);
  assert.equal([after.serverTransactions.count, after.serverTransactions.usedSize], [0, 0]);
  await finish(ground, ...calls.slice(0, 1));
});

test('is told by nobody once the stack is closed', async () => {
  const ground = await bed();
  await ground.near.destroy();
  const why = await ground.near.memory().catch((error: { readonly code: string }) => error.code);
  assert.is(why, 'SIP_CLOSED');
});

test.run();
