import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog, type DialogRecord, SipError, type Stack, UsageError } from '../../core/index.ts';
import { type Bed, type BedOptions, bed, call } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { exportedRecord, fullRecord, leastRecord } from './records.ts';
import { farAnswer, host, nearOffer, noted, obliging } from './world.ts';

const test = suite('Handing dialogs over');

const nextPort = 5062;

interface Handover extends Bed {
  /** Another stack, which has the same hops. */
  readonly next: Stack;
}

async function handover(options: BedOptions = {}): Promise<Handover> {
  const ground = await bed(options);
  const hops = [5070, 5080].slice(0, options.hops ?? 2).map((port) => `sip:${host}:${port}`);
  const next = await ground.stack('next', nextPort, {
    hops,
    application: noted(ground.log, obliging),
    ...options.stack,
  });
  await ground.clock.run(10);
  ground.log.length = 0;
  return { ...ground, next };
}

/** A dialog that the raw peer has with a stack at `port`. */
function rawDialog(
  ground: Bed,
  record: DialogRecord,
  port: number,
  cseq = record.remoteSequenceNumber ?? 0,
): RawDialog {
  const [local, remote] = [`${record.remoteUri};tag=${record.remoteTag}`, `${record.localUri};tag=${record.localTag}`];
  return new RawDialog(ground.hop, port, { callId: record.callId, local, remote, cseq });
}

async function refused(promise: Promise<unknown>): Promise<SipError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, SipError);
  return error as SipError;
}

test('a call goes on in another stack: it heals, both ends send in it, and BYE ends it', async () => {
  const ground = await handover();
  const { take, log, clock, next, hop } = ground;
  const { dialog, raw } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  assert.equal(log, [], 'nothing is sent, and no end is told');
  const adopted = await take(next.adopt({ ...record, routeStatus: 'recovering' }));
  assert.is(adopted.callId, dialog.callId);
  await clock.run(10);
  assert.equal(log, ['recovering', 'next > hop UPDATE', 'hop > next 200 UPDATE', 'healthy']);
  const heal = hop.last('UPDATE');
  assert.is(heal.header('Contact'), `<sip:${host}:${nextPort}>`);
  assert.is(heal.cseq, record.localSequenceNumber + 1);
  assert.is((await take(adopted.request('INFO'))).status, 200);
  const other = new RawDialog(hop, nextPort, raw);
  other.request('INFO');
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200);
  log.length = 0;
  await take(adopted.bye());
  await clock.run(5);
  assert.equal(log, ['next > hop BYE', 'hop > next 200 BYE', 'ended local bye']);
  await ground.rest();
});

test('a stack without recovery tells the peer its Contact as well, by one refresh, when the record leads elsewhere', async () => {
  for (const allow of ['INVITE, ACK, BYE, UPDATE, INFO', 'INVITE, ACK, BYE, INFO']) {
    const ground = await handover({ hops: 1, stack: { recovery: { mode: 'none' } } });
    const { take, clock, next, hop, log } = ground;
    hop.capabilities = [`Allow: ${allow}`];
    const { dialog } = await call(ground);
    const record = await take(dialog.export({ release: true }));
    const adopted = await take(next.adopt({ ...record, routeStatus: 'recovering' }));
    await clock.run(10);
    const method = allow.includes('UPDATE') ? 'UPDATE' : 'INVITE';
    const refresh = hop.last(method);
    assert.is(refresh.header('Contact'), `<sip:${host}:${nextPort}>`);
    assert.is(refresh.header('Route'), `<sip:${host}:5070;lr>`);
    assert.equal(
      log.filter((line) => line.startsWith('next >')),
      [`next > hop ${method}`, ...(method === 'INVITE' ? ['next > hop ACK'] : [])],
    );
    await clock.run(100_000);
    await take(adopted.bye());
    await ground.rest();
  }
});

test('without recovery a dialog whose one refresh has no answer is unreachable, if it has no session timer', async () => {
  const ground = await handover({ hops: 1, stack: { recovery: { mode: 'none' } } });
  const { take, clock, next, hop, log } = ground;
  const { dialog } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  hop.script = ({ method }) => method === 'UPDATE' || method === 'INVITE';
  await take(next.adopt({ ...record, routeStatus: 'recovering' }));
  await clock.run(32_100);
  assert.equal(log.slice(-1), ['ended local unreachable']);
  await ground.rest();
});

test('who still writes to the stack that let a dialog go is asked to try again, and for a quarter of an hour not told that it is over', async () => {
  const ground = await handover({ hops: 1, stack: { application: obliging } });
  const { take, clock, next, hop, near } = ground;
  const { dialog, raw } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  const asked = async (method: string): Promise<string> => {
    raw.request(method);
    await clock.run(5);
    const response = hop.responses(method).at(-1);
    return `${response?.status} ${response?.header('Retry-After')}`;
  };
  assert.is(await asked('INFO'), '500 2');
  assert.is(await asked('UPDATE'), '500 2');
  raw.request('INFO', { toTag: 'other' });
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 481);
  const adopted = await take(next.adopt(record));
  assert.is(await asked('INFO'), '500 2', 'it was adopted elsewhere');
  await clock.run(850_000);
  assert.is(await asked('UPDATE'), '500 2', 'the heals of its new owner may not have found a way yet');
  await clock.run(100_000);
  assert.is(await asked('INFO'), '481 ');
  const { dialog: second, raw: rawSecond } = await call(ground);
  const again = await take(near.adopt(await take(second.export({ release: true }))));
  rawSecond.request('INFO');
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200, 'what was taken back is ours');
  await take(again.bye());
  await take(adopted.bye());
  await ground.rest();
});

test('a call goes on in another stack over TCP: the record names no Contact, and the heal that the program asks for tells the new one', async () => {
  const ground = await bed({ protocol: 'tcp' });
  const { take, clock, hop } = ground;
  const { dialog } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  assert.is(record.hop, `sip:${host}:5070;transport=tcp`);
  assert.is(record.localContact, undefined);
  assert.is(record.localAddress, `sip:${host}:5060;transport=tcp`);
  const next = await ground.stack('next', nextPort, { hops: [hop.uri], application: obliging });
  await clock.run(10);
  const adopted = await take(next.adopt(record));
  ground.log.length = 0;
  assert.is((await take(adopted.heal())).status, 'healthy');
  assert.equal(ground.log, ['next > hop UPDATE', 'hop > next 200 UPDATE']);
  assert.is(hop.last('UPDATE').header('Contact'), `<sip:${host}:${nextPort};transport=tcp>`);
  await take(adopted.bye());
  await ground.rest();
});

test('a call is taken back by the stack that let it go, and the peer notices nothing', async () => {
  const ground = await bed({ hops: 1, stack: { application: obliging } });
  const { take, near, log, clock } = ground;
  const { dialog, raw } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  const again = await take(near.adopt(record));
  await clock.run(5);
  assert.equal(log, []);
  assert.is((await take(again.request('INFO'))).status, 200);
  raw.request('BYE');
  await clock.run(5);
  assert.is(ground.hop.responses('BYE').at(-1)?.status, 200);
  await ground.rest();
});

test('a call outlives its stack: what was exported before the end is adopted by a fresh one at the same address', async () => {
  const ground = await bed({ hops: 0 });
  const { take, clock, network } = ground;
  const transports = (): [ReturnType<typeof network.udp>] => [network.udp({ host, port: 5064 })];
  const hops = [ground.hop.uri];
  const first = await createStack({ transports: transports(), hops, clock, random: ground.random(1) });
  const dialog = await take(first.invite(ground.hop.uri, { body: nearOffer }));
  const record: DialogRecord = JSON.parse(JSON.stringify(await take(dialog.export())));
  await take(dialog.request('INFO')); // the record is older than the dialog
  await first.destroy();
  const second = await ground.stack('second', 5064, { hops, application: obliging, random: ground.random(2) });
  const adopted = await take(second.adopt({ ...record, reservedSequenceNumber: record.localSequenceNumber + 1000 }));
  await take(adopted.request('INFO'));
  assert.is(ground.hop.last('INFO').cseq, record.localSequenceNumber + 1001);
  await take(adopted.bye());
  await ground.rest();
});

test('a dialog that is only exported stays with its stack', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near } = ground;
  const { dialog } = await call(ground);
  const record = await take(dialog.export());
  assert.is((await take(dialog.request('INFO'))).status, 200);
  const error = await refused(take(near.adopt(record)));
  assert.instance(error, UsageError);
  assert.equal((error as UsageError).reasons, ['/callId: the stack has this dialog already.']);
  await take(dialog.bye());
  await ground.rest();
});

test('what a call of ours has agreed on stands in its record', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 300;refresher=uac'];
  const { dialog, raw } = await call(ground, { from: '"Alice" <sip:alice@a.example>' });
  raw.request('INFO', { cseq: 41 });
  await ground.clock.run(20_000);
  const { callId, localTag, remoteSessionHash, ...rest } = await ground.take(dialog.export());
  assert.is(callId, dialog.callId);
  assert.match(localTag, /^[0-9a-v]{26}$/);
  assert.type(remoteSessionHash, 'number');
  assert.equal(rest, {
    version: 1,
    remoteTag: 'raw',
    role: 'uac',
    localUri: '"Alice" <sip:alice@a.example>',
    remoteUri: `<sip:bob@${host}:5070>`,
    localSequenceNumber: 1,
    remoteSequenceNumber: 41,
    remoteTarget: `sip:${host}:5070`,
    routeSet: [`sip:${host}:5070;lr`],
    secure: false,
    localSession: nearOffer,
    sessionTimer: { intervalS: 300, refresher: 'local', remainingS: 280 },
    peer: { allowsUpdate: true, resilient: true, replaces: false },
    localAddress: `sip:${host}:5060`,
    hop: `sip:${host}:5070`,
    routeStatus: 'healthy',
  });
  await ground.take(dialog.bye());
  await ground.rest();
});

test('a From that came in several lines is one line in the record', async () => {
  const answered: Dialog[] = [];
  const ground = await bed({
    hops: 1,
    stack: {
      application: {
        onCall: (asked) => void asked.answer({ body: farAnswer }).then((dialog) => answered.push(dialog)),
      },
    },
  });
  const { take, clock, hop, nearPort } = ground;
  const { callId, remote } = RawDialog.toward(hop, nearPort, 'folded');
  const raw = new RawDialog(hop, nearPort, {
    callId,
    local: '"Bob\r\n\t B"\r\n <sip:bob@b.example>;tag=x',
    remote,
    cseq: 0,
  });
  raw.request('INVITE', { body: nearOffer });
  await clock.run(5);
  raw.acknowledge(hop.responses('INVITE').at(-1) as Parameters<typeof raw.acknowledge>[0]);
  await clock.run(5);
  const [dialog] = answered;
  if (dialog === undefined) throw new Error('the call was not answered');
  const { remoteUri, role, peer } = await take(dialog.export());
  assert.is(remoteUri, '"Bob B" <sip:bob@b.example>');
  assert.is(role, 'uas');
  assert.equal(peer, { allowsUpdate: false, resilient: false, replaces: false });
  await take(dialog.bye());
  await ground.rest();
});

test('with nothing but what must be there, defaults stand in', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near } = ground;
  const adopted = await take(near.adopt(leastRecord));
  assert.equal(await take(adopted.export()), {
    ...leastRecord,
    routeSet: [],
    secure: false,
    peer: { allowsUpdate: true, resilient: false, replaces: false },
    localAddress: `sip:${host}:5060`,
    hop: `sip:${host}:5070`,
    routeStatus: 'healthy',
  });
  await take(adopted.bye());
  await ground.rest();
});

test('200 records: what is adopted is exported as it was', async () => {
  const ground = await bed();
  const { take, near } = ground;
  await fc.assert(
    fc.asyncProperty(exportedRecord, async (record) => {
      const adopted = await take(near.adopt(record));
      assert.equal(await take(adopted.export({ release: true })), record);
    }),
    { numRuns: 200, seed: 3, includeErrorInReport: true },
  );
  await ground.rest();
});

test('the route set, the parties and the description of a record are what its requests and heals carry', async () => {
  const ground = await handover();
  const { take, next, hop } = ground;
  const adopted = await take(next.adopt(fullRecord));
  await take(adopted.request('INFO'));
  const info = hop.last('INFO');
  assert.is(info.requestUri, fullRecord.remoteTarget);
  assert.is(info.header('Route'), `<sip:${host}:5070;lr>, <sip:p2.example;lr;state=a%20b>`);
  assert.is(info.header('From'), `${fullRecord.localUri};tag=near1`);
  assert.is(info.header('To'), `${fullRecord.remoteUri};tag=far1`);
  assert.is(info.header('CSeq'), '2002 INFO');
  hop.script = (request) => {
    if (request.method !== 'UPDATE' || request.body !== '') return false;
    hop.reply(request, 481);
    return true;
  };
  const { remoteSession: _other, ...silent } = fullRecord;
  const second = await take(next.adopt({ ...silent, callId: 'call2', routeStatus: 'recovering' }));
  await ground.clock.run(20);
  const heal = hop.last('UPDATE');
  assert.is(heal.body, nearOffer);
  assert.is(heal.header('Contact'), fullRecord.localContact);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  hop.script = () => false;
  await take(adopted.bye());
  await take(second.bye());
  await ground.rest();
});

test('what a Request-URI must not have is taken from the target, and a strict router gets its own', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near, hop } = ground;
  const remoteTarget = `sip:bob@${host}:5070;x=1;method=BYE?Subject=hi`;
  const adopted = await take(near.adopt({ ...leastRecord, remoteTarget }));
  await take(adopted.request('INFO'));
  assert.is(hop.last('INFO').requestUri, `sip:bob@${host}:5070;x=1`);
  const strict = await take(near.adopt({ ...leastRecord, callId: 'call2', routeSet: [`sip:${host}:5070;y=2`] }));
  await take(strict.request('INFO'));
  assert.is(hop.last('INFO').requestUri, `sip:${host}:5070;y=2`);
  assert.is(hop.last('INFO').header('Route'), `<${leastRecord.remoteTarget}>`);
  await take(adopted.bye());
  await take(strict.bye());
  await ground.rest();
});

test("the peer's last description is compared as text or as hash: another answer is told, the same is not", async () => {
  for (const [remote, told] of [
    [{ remoteSession: farAnswer }, false],
    [{ remoteSession: 'v=0\r\n' }, true],
    [{ remoteSessionHash: 5 }, true],
    [{}, false],
  ] as const) {
    const ground = await bed({ hops: 1, stack: { application: {} } });
    const { take, hop } = ground;
    const heard: string[] = [];
    const next = await ground.stack('next', nextPort, {
      hops: [hop.uri],
      application: { onSessionChanged: (_dialog, body) => void heard.push(new TextDecoder().decode(body)) },
    });
    await ground.clock.run(10);
    const record = { ...leastRecord, localSession: nearOffer, peer: { allowsUpdate: false } };
    const adopted = await take(next.adopt({ ...record, ...remote, routeStatus: 'recovering' }));
    await ground.clock.run(50);
    assert.equal(heard, told ? [farAnswer] : []);
    await take(adopted.bye());
    await ground.rest();
  }
});

test('a request that waits for its answer fails when the dialog is released, and a pending INVITE forbids it', async () => {
  const ground = await bed({ hops: 1 });
  const { take, note, clock, hop, log } = ground;
  const { dialog } = await call(ground);
  hop.script = () => true;
  note('reinvite', dialog.request('INVITE', { body: nearOffer }));
  await clock.run(5);
  note('release', dialog.export({ release: true }));
  await clock.run(5);
  assert.equal(ground.seen(), ['release failed 491 local']);
  hop.script = () => false;
  hop.accept(hop.last('INVITE'));
  await clock.run(5);
  hop.script = () => true;
  note('info', dialog.request('INFO'));
  await clock.run(5);
  log.length = 0;
  note('release', dialog.export({ release: true }));
  await clock.run(5);
  assert.equal(log.sort(), ['info failed SIP_DIALOG_ENDED', 'release done']);
  const error = await refused(take(dialog.export()));
  assert.is(error.code, 'SIP_DIALOG_ENDED');
  await ground.rest();
});

test('nor is a dialog released while an offer that an UPDATE has brought waits for the program', async () => {
  let answer = (): void => undefined;
  const log: string[] = [];
  const application = noted(log, {
    onRequest: (each) => {
      answer = () => each.respond(200, { body: nearOffer });
    },
  });
  const ground = await bed({ hops: 1, stack: { application } });
  const { take, clock, hop } = ground;
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { body: nearOffer });
  await clock.run(10);
  assert.is((await refused(take(dialog.export({ release: true })))).message.includes('491'), true);
  answer();
  await clock.run(10);
  assert.is(hop.responses('UPDATE').at(-1)?.status, 200);
  await take(dialog.export({ release: true }));
  await ground.rest();
});

test('a released dialog is refreshed, healed and ended by nobody', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 90;refresher=uac'];
  const { take, clock, hop, log } = ground;
  const { dialog } = await call(ground);
  const broken = await call(ground);
  hop.script = () => true;
  ground.note('info', broken.dialog.request('INFO'));
  await clock.run(40_000);
  hop.answersProbes = false;
  await clock.run(2_000);
  assert.match(ground.seen().join(), 'recovering');
  await take(dialog.export({ release: true }));
  await take(broken.dialog.export({ release: true }));
  await clock.run(10);
  log.length = 0;
  hop.answersProbes = true;
  await clock.run(200_000);
  assert.equal(log, []);
  await ground.rest();
});

test('the session timer goes on where the record has it, for either refresher', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near, clock, log } = ground;
  const timer = { intervalS: 100, remainingS: 70 };
  await take(near.adopt({ ...leastRecord, sessionTimer: { ...timer, refresher: 'local' } }));
  await take(near.adopt({ ...leastRecord, callId: 'call2', sessionTimer: { ...timer, refresher: 'remote' } }));
  log.length = 0;
  await clock.run(19_990);
  assert.equal(log, []);
  await clock.run(20);
  assert.equal(log, ['near > hop UPDATE', 'hop > near 200 UPDATE']);
  log.length = 0;
  await clock.run(37_990 - 20_010);
  assert.equal(log, []);
  await clock.run(20);
  assert.equal(ground.seen(), ['ended local session-expired']);
  const rest = ground.near.counts();
  assert.is((await take(rest)).dialogs, 1);
  ground.note('closed', near.close());
  await clock.runUntilIdle();
  assert.is(ground.seen().at(-1), 'closed done');
});

test('while a refresh is under way its record says that half of the interval is over', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near, clock, hop } = ground;
  hop.script = () => true;
  const adopted = await take(near.adopt({ ...leastRecord, sessionTimer: { intervalS: 100, refresher: 'local' } }));
  await clock.run(50_010);
  assert.is(hop.requests('UPDATE').length, 1);
  const { sessionTimer } = await take(adopted.export({ release: true }));
  assert.equal(sessionTimer, { intervalS: 100, refresher: 'local', remainingS: 50 });
  await ground.rest();
});

test('a recovering dialog is exported as recovering, with its timer paused, and heals where it is adopted', async () => {
  const ground = await handover({ hops: 1 });
  const { take, next, clock, hop } = ground;
  hop.capabilities = [...hop.capabilities, 'Session-Expires: 300;refresher=uac'];
  const { dialog } = await call(ground);
  hop.script = (request) => {
    hop.reply(request, 503);
    return true;
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  const record = await take(dialog.export({ release: true }));
  assert.is(record.routeStatus, 'recovering');
  assert.equal(record.sessionTimer, { intervalS: 300, refresher: 'local' });
  hop.script = () => false;
  ground.log.length = 0;
  const adopted = await take(next.adopt(record));
  await clock.run(50);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.equal((await take(adopted.export())).sessionTimer, { intervalS: 300, refresher: 'local', remainingS: 300 });
  await take(adopted.bye());
  await ground.rest();
});

test('a passive stack heals what it adopts as recovering: nobody else can tell the peer where the dialog is now', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { passive: true } } });
  const { take, near, clock } = ground;
  const adopted = await take(near.adopt({ ...leastRecord, routeStatus: 'recovering' }));
  await clock.run(100);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await take(adopted.bye());
  await ground.rest();
});

test('with recovery off a record that says recovering is adopted as it is, and refreshed, but nothing is healed', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' } } });
  const { take, near, clock } = ground;
  const adopted = await take(near.adopt({ ...leastRecord, routeStatus: 'recovering' }));
  await clock.run(100);
  assert.equal(ground.log, ['near > hop UPDATE', 'hop > near 200 UPDATE']);
  assert.is((await take(adopted.routeStatus())).status, 'healthy');
  assert.is((await take(adopted.request('INFO'))).status, 200);
  await take(adopted.bye());
  await ground.rest();
});

test("an adopted dialog's requests go where the record says: its first route, else its hop, else a hop of the list", async () => {
  const ground = await bed({ hops: 2 });
  const { take, near, hop, other, clock } = ground;
  const away = { ...leastRecord, remoteTarget: 'sip:bob@biloxi.example' };
  const sent = async (record: DialogRecord): Promise<string> => {
    const adopted = await take(near.adopt(record));
    const had = [hop, other].map((peer) => peer.requests('INFO').length);
    await take(adopted.request('INFO'));
    await take(adopted.bye());
    return hop.requests('INFO').length > (had[0] ?? 0) ? 'hop' : 'other';
  };
  assert.is(await sent({ ...away, routeSet: [`sip:${host}:5080;lr`], hop: hop.uri }), 'other');
  assert.is(await sent({ ...away, routeSet: ['sip:p.example;lr'], hop: other.uri }), 'other');
  assert.is(await sent({ ...away, hop: other.uri }), 'other');
  assert.is(await sent({ ...away, hop: hop.uri }), 'hop');
  near.setHops([other.uri]);
  await clock.run(5);
  assert.is(await sent({ ...leastRecord, remoteTarget: `sip:bob@${host}:5070` }), 'other');
  near.setHops([]);
  assert.is(await sent({ ...leastRecord, remoteTarget: `sip:bob@${host}:5070` }), 'hop');
  await ground.rest();
});

test('a dialog that went straight to its peer still follows it when it moves', async () => {
  const ground = await bed({ hops: 0, stack: { application: obliging } });
  const { take, near, hop, other, clock } = ground;
  hop.recordRoute = [];
  const { dialog, raw } = await call(ground);
  const record = await take(dialog.export({ release: true }));
  assert.equal([record.routeSet, record.hop], [[], hop.uri]);
  const adopted = await take(near.adopt(record));
  raw.request('UPDATE', { contact: other.uri });
  await clock.run(10);
  await take(adopted.request('INFO'));
  assert.is(other.requests('INFO').length, 1);
  await take(adopted.bye());
  await ground.rest();
});

test('a dialog keeps its group: when another of the group is healed, it is healed as well', async () => {
  const ground = await bed({ hops: 1 });
  const { take, near, clock, hop } = ground;
  const one = await take(near.adopt({ ...leastRecord, group: 'conference' }));
  const other = await take(near.adopt({ ...leastRecord, callId: 'call2', group: 'conference' }));
  await take(one.heal());
  await clock.run(1_100);
  assert.equal(
    hop.requests('UPDATE').map((heal) => heal.header('Call-ID')),
    [leastRecord.callId, 'call2'],
  );
  await take(one.bye());
  await take(other.bye());
  await ground.rest();
});

test('a stack that is full adopts nothing, one that closes neither', async () => {
  const ground = await bed({ hops: 1, stack: { limits: { dialogs: 1 } } });
  const { take, near } = ground;
  const adopted = await take(near.adopt(leastRecord));
  assert.is((await refused(take(near.adopt({ ...leastRecord, callId: 'call2' })))).code, 'SIP_OVERLOADED');
  assert.is((await refused(take(near.adopt({ ...leastRecord, callId: 'a b' })))).code, 'SIP_USAGE');
  assert.equal((await take(near.counts())).dialogs, 1);
  await take(adopted.bye());
  ground.note('closed', near.close());
  assert.is((await refused(take(near.adopt(leastRecord)))).code, 'SIP_CLOSED');
  await ground.clock.runUntilIdle();
});

test("the peer's requests are numbered on from where the record stops, and from anywhere if it does not say", async () => {
  const ground = await bed({ hops: 1, stack: { application: obliging } });
  const { take, near, clock, hop } = ground;
  await take(near.adopt({ ...leastRecord, remoteSequenceNumber: 7 }));
  const raw = rawDialog(ground, leastRecord, ground.nearPort);
  raw.request('INFO', { cseq: 7 });
  await clock.run(5);
  raw.request('INFO', { cseq: 8 });
  await clock.run(5);
  const record = { ...leastRecord, callId: 'call2' };
  await take(near.adopt(record));
  const second = rawDialog(ground, record, ground.nearPort);
  second.request('INFO', { cseq: 0 });
  await clock.run(5);
  assert.equal(
    hop.responses('INFO').map(({ status }) => status),
    [500, 200, 200],
  );
  raw.request('BYE', { cseq: 9 });
  second.request('BYE', { cseq: 9 });
  await clock.run(5);
  await ground.rest();
});

test.run();
