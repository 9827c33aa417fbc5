import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingCall } from '../../core/index.ts';
import { bed, call } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { host } from './world.ts';

const test = suite('Closing a stack');

const target = `sip:bob@${host}:5070`;

test('ends every dialog by BYE, and then hears nothing more', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  await call(ground);
  ground.note('close', ground.near.close());
  await ground.clock.run(100);
  assert.equal(ground.log, [
    'near > hop BYE',
    'near > hop BYE',
    'hop > near 200 BYE',
    'ended local bye',
    'hop > near 200 BYE',
    'ended local bye',
    'close done',
  ]);
  await ground.clock.runUntilIdle();
  assert.is(ground.clock.pending, 0);
});

test('waits 64*T1 for a peer that does not answer, and no longer', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.hop.script = () => true;
  ground.note('close', ground.near.close());
  await ground.clock.run(31_900);
  assert.equal(ground.seen(), []);
  await ground.clock.run(200);
  assert.equal(ground.seen(), ['ended local bye', 'close done']);
});

test('tells how many peers do not know that their dialogs are over, and waits for those that are told in time', async () => {
  for (const mode of ['maximum', 'none'] as const) {
    for (const [cutForMs, undelivered] of mode === 'none'
      ? ([[100_000, 3]] as const)
      : ([
          [100_000, 3],
          [25_000, 0],
        ] as const)) {
      const ground = await bed({ hops: 1, stack: { recovery: { mode } } });
      const { clock, network, near, nearPort, hop } = ground;
      for (let calls = 0; calls < 3; calls++) await call(ground);
      const places = [
        { host, port: nearPort },
        { host, port: hop.port },
      ] as const;
      network.partition(...places);
      clock.wake(clock.nowMs() + cutForMs, () => network.heal(...places));
      assert.equal(await ground.take(near.close()), { undelivered });
      await clock.run(100_000);
      assert.is(new Set(hop.requests('BYE').map((bye) => bye.header('Call-ID'))).size, 3 - undelivered);
    }
  }
});

test('tells nothing of BYEs when it is cut short, or is not the first to close', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.hop.script = () => true;
  const whole = ground.near.close();
  const enough = new AbortController();
  const short = ground.near.close({ signal: enough.signal });
  await ground.clock.run(100);
  enough.abort();
  assert.equal(await ground.take(short), { undelivered: undefined });
  assert.equal(await ground.take(whole), { undelivered: undefined });
  assert.equal(await ground.take(ground.near.close()), { undelivered: undefined });
  const other = await bed({ hops: 1 });
  await other.near.destroy();
  assert.equal(await other.take(other.near.close()), { undelivered: undefined });
});

test('stops waiting when its signal aborts', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.hop.script = () => true;
  const enough = new AbortController();
  ground.note('close', ground.near.close({ signal: enough.signal }));
  await ground.clock.run(100);
  enough.abort();
  await ground.clock.run(0);
  assert.equal(ground.seen(), ['close done']);
});

test('twice is once: both wait for the end', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.hop.script = () => true;
  ground.note('one', ground.near.close());
  ground.note('two', ground.near.close());
  await ground.clock.run(100);
  assert.equal(ground.seen(), []);
  ground.hop.accept(ground.hop.last('BYE'));
  await ground.clock.run(100);
  assert.equal(ground.seen(), ['ended local bye', 'one done', 'two done']);
  ground.note('three', ground.near.close());
  await ground.clock.run(0);
  assert.is(ground.seen().at(-1), 'three done');
});

test('refuses the calls that ring, and new ones', async () => {
  const calls: IncomingCall[] = [];
  const ground = await bed({ hops: 1, stack: { application: { onCall: (each) => void calls.push(each) } } });
  RawDialog.toward(ground.hop, ground.nearPort, 'call-1').request('INVITE');
  await ground.clock.run(5);
  const { dialog } = await call(ground);
  assert.ok(dialog);
  ground.hop.script = ({ method }) => method === 'BYE';
  ground.note('close', ground.near.close());
  await ground.clock.run(5);
  assert.ok(calls[0]?.signal.aborted);
  RawDialog.toward(ground.hop, ground.nearPort, 'call-2').request('INVITE');
  await ground.clock.run(5);
  assert.equal(
    ground.hop.responses('INVITE').map(({ status }) => status),
    [503, 503],
  );
  ground.note('late', ground.near.invite(target));
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['late failed SIP_CLOSED']);
  ground.hop.accept(ground.hop.last('BYE'));
  await ground.clock.run(5);
  assert.is(ground.seen().at(-1), 'close done');
});

test('gives up the calls that ring at the other end, and ends one that is answered meanwhile', async () => {
  for (const answered of [false, true]) {
    const ground = await bed({ hops: 1 });
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'INVITE') hop.reply(request, 180);
      if (request.method === 'CANCEL') {
        hop.reply(request, 200);
        if (answered) hop.accept(hop.last('INVITE'));
        else hop.reply(hop.last('INVITE'), 487);
      }
      return request.method !== 'BYE';
    };
    ground.note('call', ground.near.invite(target));
    await clock.run(100);
    ground.note('close', ground.near.close());
    await clock.run(100);
    assert.equal(
      ground.seen().filter((line) => !line.startsWith('ended')),
      ['call failed SIP_ABORTED', 'close done'],
    );
    assert.is(hop.requests('BYE').length, answered ? 1 : 0);
  }
});

test('waits for the ACK of an answer before it sends BYE', async () => {
  const ground = await bed({
    hops: 1,
    stack: { application: { onCall: (each) => void each.answer().catch(() => undefined) } },
  });
  const { hop, clock, nearPort } = ground;
  const raw = RawDialog.toward(hop, nearPort, 'call-1');
  raw.request('INVITE');
  await clock.run(5);
  ground.note('close', ground.near.close());
  await clock.run(1000);
  assert.is(hop.requests('BYE').length, 0, 'RFC 3261 §15: not before the ACK');
  const [ok] = hop.responses('INVITE');
  if (ok !== undefined) raw.acknowledge(ok);
  await clock.run(5);
  assert.is(hop.requests('BYE').length, 1);
  assert.equal(ground.seen(), ['close done']);
});

test('by destroy it is at once: whoever waits hears so, and nothing is sent', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.hop.script = () => true;
  ground.note('info', dialog.request('INFO'));
  ground.note('call', ground.near.invite(target));
  await ground.clock.run(10);
  ground.log.length = 0;
  await ground.near.destroy();
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['info failed SIP_CLOSED', 'call failed SIP_CLOSED']);
  for (const [label, attempt] of [
    ['info', () => dialog.request('INFO')],
    ['call', () => ground.near.invite(target)],
    ['counts', () => ground.near.counts()],
    ['bye', () => dialog.bye()],
  ] as const) {
    ground.note(label, attempt());
  }
  await ground.clock.run(10);
  assert.equal(
    ground.seen().slice(2).sort(),
    ['bye', 'call', 'counts', 'info'].map((label) => `${label} failed SIP_CLOSED`),
  );
  await ground.clock.runUntilIdle();
  assert.equal(
    ground.log.filter((line) => line.startsWith('near')),
    [],
  );
});

test('by destroy in the middle of a close ends that close', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.hop.script = () => true;
  ground.note('close', ground.near.close());
  await ground.clock.run(10);
  await ground.near.destroy();
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['close done']);
});

test('by await using waits for the end', async () => {
  const ground = await bed({ hops: 1 });
  await call(ground);
  ground.note('dispose', ground.near[Symbol.asyncDispose]());
  await ground.clock.run(100);
  assert.equal(ground.seen(), ['ended local bye', 'dispose done']);
});

test('a handler that throws does not keep the other events from the program', async () => {
  const log: string[] = [];
  const ground = await bed({
    hops: 1,
    stack: {
      application: {
        onEnded: () => {
          log.push('ended');
          throw new Error('of the program');
        },
      },
    },
  });
  await call(ground);
  await call(ground);
  ground.network.pause({ host, port: 5070 });
  ground.note('close', ground.near.close());
  await ground.clock.run(10);
  ground.network.resume({ host, port: 5070 });
  let thrown = 0;
  while (ground.clock.pending > 0) {
    await ground.clock.runUntilIdle().catch((error: Error) => {
      assert.is(error.message, 'of the program');
      thrown++;
    });
  }
  assert.equal(log, ['ended', 'ended']);
  assert.is(thrown, 2);
});

test.run();
