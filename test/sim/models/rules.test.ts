import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from './dialog.ts';
import { Ground, host, onlyDialog } from './ground.ts';
import type { Header, Message } from './message.ts';
import { RawPort } from './raw-port.ts';
import type { StrictEndpoint } from './strict-endpoint.ts';
import { writeResponse } from './write.ts';

const test = suite('rules that a strict endpoint keeps');

async function established(
  ground: Ground,
  near: StrictEndpoint,
  far: StrictEndpoint,
): Promise<readonly [Dialog, Dialog]> {
  const { dialog } = await ground.take(near.invite(ground.target(5070)));
  if (dialog === undefined) throw new Error('no dialog');
  await ground.clock.run(40_000);
  ground.said();
  return [dialog, onlyDialog(far)];
}

test('RFC 3261 §8.2, §12.2.2: what is outside dialogs, unknown, or late, is refused', async () => {
  const ground = new Ground();
  await ground.endpoint('far', 5070);
  const raw = await RawPort.open(ground, 5090);
  const answers = async (method: string, headers: readonly (readonly [string, string])[] = []): Promise<string[]> => {
    raw.request(5070, method, headers);
    await ground.clock.run(40_000);
    return raw.heard();
  };
  const inDialog = ['To', `<sip:model@${host}:5070>;tag=nobody`] as const;
  assert.equal(await answers('OPTIONS'), ['200 OPTIONS']);
  assert.equal(await answers('BYE', [inDialog]), ['481 BYE']);
  assert.equal(await answers('INFO'), ['481 INFO']);
  assert.equal(await answers('CANCEL'), ['481 CANCEL']);
  assert.equal(await answers('REGISTER'), ['405 REGISTER']);
  assert.equal(await answers('DANCE'), ['501 DANCE']);
  assert.equal((await answers('INVITE', [['Require', 'wings']]))[0], '420 INVITE');
  assert.equal((await answers('INVITE', [['Replaces', 'no;to-tag=x;from-tag=y']]))[0], '481 INVITE');
  assert.equal(
    (
      await answers('INVITE', [
        ['Session-Expires', '60'],
        ['Supported', 'timer'],
      ])
    )[0],
    '422 INVITE',
  );
  assert.equal(await answers('ACK'), []);
  await raw.stop();
  await ground.rest();
});

test('RFC 3261 §12.2.2, §14.2: a CSeq that is not higher is refused, and an UPDATE with an offer while a call rings', async () => {
  const ground = new Ground();
  const far = await ground.endpoint('far', 5070);
  const raw = await RawPort.open(ground, 5090);
  let dialog: Dialog | undefined;
  for (let count = 0; dialog === undefined; count++) {
    raw.request(5070, 'INVITE', [['Call-ID', `raw-${count}`]]);
    await ground.clock.run(5_000);
    dialog = far.dialogs.find(({ callId }) => callId === `raw-${count}`);
  }
  raw.received.length = 0;
  const to = ['To', `<sip:model@${host}:5070>;tag=${dialog.localTag}`] as const;
  const callId = ['Call-ID', dialog.callId] as const;
  raw.request(5070, 'ACK', [to, callId]);
  for (const cseq of [5, 5, 4, 9]) raw.request(5070, 'INFO', [to, callId, ['CSeq', `${cseq} INFO`]], { body: '3' });
  await ground.clock.run(10);
  assert.equal(raw.heard(), ['200 INFO', '500 INFO', '500 INFO', '200 INFO']);
  raw.request(5070, 'BYE', [to, callId, ['CSeq', '10 BYE']]);
  await ground.clock.run(10);
  assert.equal(raw.heard(), ['200 BYE']);
  await raw.stop();
  await ground.rest();
});

test('RFC 3261 §8.2.2.2: the same INVITE by two ways is one call', async () => {
  const ground = new Ground();
  await ground.endpoint('far', 5070);
  const raw = await RawPort.open(ground, 5090);
  raw.request(5070, 'INVITE');
  raw.request(5070, 'INVITE');
  await ground.clock.run(10);
  assert.ok(raw.heard().includes('482 INVITE'));
  await ground.clock.run(5_000);
  raw.received.length = 0;
  raw.request(5070, 'INVITE');
  await ground.clock.run(10);
  assert.ok(raw.heard().includes('482 INVITE'));
  await ground.clock.run(60_000);
  raw.received.length = 0;
  raw.request(5070, 'INVITE');
  await ground.clock.run(5_000);
  assert.not(raw.heard().includes('482 INVITE'));
  await ground.clock.run(60_000);
  await raw.stop();
  await ground.rest();
});

test('RFC 3311 §5.2: an UPDATE before the answer is taken, but not with an offer', async () => {
  const ground = new Ground();
  await ground.endpoint('far', 5070);
  const raw = await RawPort.open(ground, 5090);
  let ringing: Message | undefined;
  let callId: Header = ['Call-ID', ''];
  for (let count = 0; ringing === undefined; count++) {
    callId = ['Call-ID', `raw-${count}`];
    raw.request(5070, 'INVITE', [callId]);
    for (let ms = 0; ms < 3_500 && !raw.received.some(({ status }) => status >= 180); ms++) await ground.clock.run(1);
    ringing = raw.received.splice(0).find(({ status }) => status === 180);
  }
  const to: Header = ['To', ringing.header('to')];
  raw.request(5070, 'UPDATE', [to, callId, ['CSeq', '2 UPDATE']]);
  raw.request(5070, 'UPDATE', [to, callId, ['CSeq', '3 UPDATE']], { body: 'v=0\r\n' });
  await ground.clock.run(10);
  assert.equal(raw.heard().slice(0, 2), ['200 UPDATE', '500 UPDATE']);
  raw.request(5070, 'BYE', [to, callId, ['CSeq', '4 BYE']]);
  await ground.clock.run(10);
  assert.equal(raw.heard(), ['487 INVITE', '200 BYE'].reverse());
  await ground.clock.run(60_000);
  await raw.stop();
  await ground.rest();
});

test('RFC 3261 §9: a call is cancelled while it rings, or ended when it is answered meanwhile', async () => {
  const ground = new Ground();
  const far = await ground.endpoint('far', 5070);
  const raw = await RawPort.open(ground, 5090);
  raw.request(5070, 'INVITE', [['Via', `SIP/2.0/UDP ${host}:5090;branch=z9hG4bKc`]]);
  await ground.clock.run(1.5);
  raw.request(5070, 'CANCEL', [['Via', `SIP/2.0/UDP ${host}:5090;branch=z9hG4bKc`]]);
  await ground.clock.run(5);
  const heard = raw.heard();
  assert.ok(heard.includes('200 CANCEL'));
  assert.ok(heard.includes('487 INVITE') !== heard.includes('200 INVITE'), heard.join());
  assert.is(far.dialogs.length, heard.includes('200 INVITE') ? 1 : 0);
  await raw.stop();
  await ground.rest();
});

test('RFC 3261 §13.3.1.4: a 2xx comes again until its ACK; without one the dialog is ended', async () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    const ground = new Ground(protocol);
    const far = await ground.endpoint('far', 5070);
    const raw = await RawPort.open(ground, 5090);
    raw.request(5070, 'INVITE', [['Contact', `<${ground.target(5090)}>`]]);
    await ground.clock.run(36_000);
    const heard = raw.heard();
    assert.is(heard.filter((line) => line === '200 INVITE').length, 11);
    assert.ok(heard.includes('BYE'));
    assert.is(far.dialogs.length, 0);
    await ground.clock.run(40_000);
    await raw.stop();
    await ground.rest();
  }
});

test('RFC 3261 §13.2.2.4: a 2xx that comes again is acknowledged again, and a second branch is ended', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060);
  const raw = await RawPort.open(ground, 5090);
  const called = near.invite(ground.target(5090));
  await ground.clock.run(5);
  const [invite] = raw.received.splice(0);
  if (invite === undefined) throw new Error('no INVITE');
  const headers = [['Contact', `<sip:raw@${host}:5090>`]] as const;
  const ok = (toTag: string): void => raw.respond(5060, writeResponse(invite, 200, { toTag, headers }));
  ok('one');
  assert.is((await ground.take(called)).status, 200);
  ok('one');
  ok('two');
  await ground.clock.run(5);
  const heard = raw.received.map(({ method, toTag }) => `${method} ${toTag}`);
  assert.equal(heard, ['ACK one', 'ACK one', 'ACK two', 'BYE two']);
  assert.equal(
    near.dialogs.map(({ remoteTag }) => remoteTag),
    ['one'],
  );
  void near.bye(onlyDialog(near));
  await ground.clock.run(80_000);
  await raw.stop();
  await ground.rest();
});

test('RFC 3261 §14, RFC 3311 §5: refreshes that cross with offers are refused with 491, tried again, and get through', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060);
  const far = await ground.endpoint('far', 5070);
  const [one, other] = await established(ground, near, far);
  for (const both of [
    () => [near.reinvite(one), far.reinvite(other)],
    () => [near.update(one, true), far.update(other, true)],
    () => [near.update(one, false), far.update(other, false)],
  ]) {
    const outcomes = await ground.take(Promise.all(both()));
    assert.equal(
      outcomes.map(({ status }) => status),
      [200, 200],
    );
    await ground.clock.run(10);
  }
  const said = ground.said();
  for (const line of [
    'near > far 491 INVITE',
    'far > near 491 INVITE',
    'near > far 491 UPDATE',
    'far > near 491 UPDATE',
  ])
    assert.is(said.filter((each) => each === line).length, 1, line);
  await ground.take(far.bye(other));
  await ground.rest();
});

test('RFC 3891: a call takes the place of a dialog, unless it may not', async () => {
  for (const replaces of [true, false]) {
    const ground = new Ground();
    const near = await ground.endpoint('near', 5060);
    const far = await ground.endpoint('far', 5070, { replaces });
    const [one] = await established(ground, near, far);
    const raw = await RawPort.open(ground, 5090);
    const value = `${one.callId};to-tag=${one.remoteTag};from-tag=${one.localTag}`;
    raw.request(5070, 'INVITE', [['Replaces', value]]);
    await ground.clock.run(replaces ? 10 : 5_000);
    assert.is(near.dialogs.length, replaces ? 0 : 1);
    assert.is(ground.said().includes('far ended local replaced'), replaces);
    await ground.clock.run(40_000);
    for (const dialog of near.dialogs) await ground.take(near.bye(dialog));
    await raw.stop();
    await ground.rest();
  }
});

test('RFC 3263 §4.3: a call goes on to the next hop where one fails, over UDP by time, over TCP at once', async () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    const ground = new Ground(protocol);
    await ground.proxy('proxy', 5080);
    const outbound = [
      { host, port: 5081 },
      { host, port: 5080 },
    ];
    const near = await ground.endpoint('near', 5060, { outbound });
    const far = await ground.endpoint('far', 5070);
    const beganMs = ground.clock.nowMs();
    const { status, dialog } = await ground.take(near.invite(ground.target(5070)));
    assert.is(status, 200);
    assert.ok(ground.clock.nowMs() - beganMs < (protocol === 'tcp' ? 4_000 : 40_000));
    await ground.clock.run(10);
    if (dialog !== undefined) await ground.take(near.bye(dialog));
    assert.is(far.dialogs.length, 0);
    await ground.rest();
  }
});

test('RFC 3261 §8.1.3.1: nobody there is the same as 408, or as 503 where there is no connection', async () => {
  for (const [protocol, status] of [
    ['udp', 408],
    ['tcp', 503],
  ] as const) {
    const ground = new Ground(protocol);
    const near = await ground.endpoint('near', 5060);
    assert.is((await ground.take(near.invite(ground.target(5070)))).status, status);
    await ground.rest();
  }
});

test('RFC 4028 §10: a session is refreshed by re-INVITE where the peer takes no UPDATE', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060, { sessionIntervalS: 90, habits: ['refuses-update'] });
  const far = await ground.endpoint('far', 5070, { sessionIntervalS: 90, habits: ['refuses-update'] });
  const [, other] = await established(ground, near, far);
  await ground.clock.run(100_000);
  const invites = ground.said().filter((line) => line.endsWith(' INVITE') && !line.includes('200'));
  assert.is(invites.length, 3);
  await ground.take(far.bye(other));
  await ground.rest();
});

test('a process that comes after another goes on with its dialogs', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060, { sessionIntervalS: 90 });
  const far = await ground.endpoint('far', 5070, { sessionIntervalS: 90 });
  const [, other] = await established(ground, near, far);
  await ground.take(near.info(onlyDialog(near), 1));
  const records = structuredClone(near.records);
  await near.stop();
  const heir = await ground.endpoint('heir', 5060, { records, seed: 99 });
  ground.said();
  assert.is((await ground.take(heir.info(onlyDialog(heir), 2))).status, 200);
  assert.is((await ground.take(far.info(other, 3))).status, 200);
  assert.equal(
    ground.said().filter((line) => line.includes('executed')),
    ['far executed 2', 'heir executed 3'],
  );
  assert.is(onlyDialog(heir).timer?.intervalS, 90);
  await ground.take(heir.bye(onlyDialog(heir)));
  await ground.rest();
});

test.run();
