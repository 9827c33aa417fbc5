import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingRequest } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { farAnswer, host, noted } from './world.ts';

const test = suite('Requests inside dialogs (RFC 3261 §12.2)');

interface AskedBed extends Bed {
  /** What the program was asked about; it answers nothing by itself. */
  readonly asked: IncomingRequest[];
}

async function asking(protocol: 'udp' | 'tcp' = 'udp'): Promise<AskedBed> {
  const asked: IncomingRequest[] = [];
  const log: string[] = [];
  const ground = await bed({
    protocol,
    stack: { application: { ...noted(log), onRequest: (request) => void asked.push(request) } },
  });
  return { ...ground, asked, seen: () => [...ground.seen(), ...log] };
}

function statuses({ hop }: Bed, method: string): number[] {
  return hop.responses(method).map(({ status }) => status);
}

test('of ours go out with the next CSeq, each with its own branch, and give the 2xx', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, take } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.accept(request, { headers: ['X-Thing: 1'], body: 'thanks' });
    return request.method === 'INFO';
  };
  const response = await take(
    dialog.request('INFO', { contentType: 'text/plain', body: 'hello', headers: { 'X-Own': ['a', 'b'] } }),
  );
  assert.is(response.status, 200);
  assert.is(response.headers.find(({ name }) => name === 'X-Thing')?.value, '1');
  assert.is(new TextDecoder().decode(response.body), 'thanks');
  await take(dialog.request('MESSAGE', { contentType: 'text/plain', body: 'é' }));
  const [info, text] = [hop.last('INFO'), hop.last('MESSAGE')];
  assert.equal([info.cseq, text.cseq], [2, 3]);
  assert.is.not(info.header('Via'), text.header('Via'));
  assert.equal(info.all('X-Own'), ['a', 'b']);
  assert.is(info.header('Content-Type'), 'text/plain');
  assert.is(info.body, 'hello');
  assert.is(text.header('Content-Length'), '2');
  await finish(ground, dialog);
});

test('are answered by their own handle alone, also when their transaction has the number of one that is over', async () => {
  const ground = await asking('tcp');
  const { dialog } = await call(ground);
  const { hop, clock, asked } = ground;
  const peer = RawDialog.ofInvite(hop, hop.last('INVITE'));
  peer.request('INFO');
  await clock.run(40_000);
  const over = asked[0];
  // A transaction's index serves 2,047 times before a number comes again; on a stream it is free at once.
  for (let turn = 1; turn <= 2_047; turn++) {
    peer.request('INFO');
    await clock.run(1);
    if (turn < 2_047) asked[turn]?.respond(200);
    await clock.run(1);
  }
  const answered = statuses(ground, 'INFO').length;
  over?.respond(603);
  await clock.run(1);
  assert.is(statuses(ground, 'INFO').length, answered);
  asked[2_047]?.respond(200);
  await clock.run(1);
  assert.is(statuses(ground, 'INFO').at(-1), 200);
  await finish(ground, dialog);
});

test('of ours fail with the response, and with our own 408 where none came', async () => {
  const ground = await bed({ stack: { recovery: { mode: 'none' }, application: {} } });
  const { dialog } = await call(ground);
  const { hop, note, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 415, { headers: ['User-Agent: far'] });
    return request.method !== 'BYE';
  };
  note('info', dialog.request('INFO'));
  await clock.run(10);
  assert.equal(ground.seen(), ['info failed 415 remote']);
  note('message', dialog.request('MESSAGE'));
  await clock.run(32_100);
  assert.equal(ground.seen().slice(1), ['message failed 408 local']);
  await finish(ground, dialog);
});

test('of ours may be many at once', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const held = ground.hop.requests('INFO');
  ground.hop.script = ({ method }) => method === 'INFO';
  for (let i = 0; i < 5; i++) ground.note(`info ${i}`, dialog.request('INFO'));
  await ground.clock.run(10);
  held.push(...ground.hop.requests('INFO'));
  assert.equal(
    held.map(({ cseq }) => cseq),
    [2, 3, 4, 5, 6],
  );
  for (const request of held.reverse()) ground.hop.accept(request);
  await ground.clock.run(10);
  assert.equal(
    ground.seen(),
    [4, 3, 2, 1, 0].map((i) => `info ${i} 200`),
  );
  await finish(ground, dialog);
});

test('of the peer reach the program, which answers each once', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('INFO', { headers: ['Content-Type: text/plain'], body: 'dtmf' });
  await ground.clock.run(5);
  const [request] = ground.asked;
  assert.is(request?.method, 'INFO');
  assert.is(request?.dialog.id, dialog.id);
  assert.is(new TextDecoder().decode(request?.body), 'dtmf');
  request?.respond(202, { headers: { 'X-Own': 'x' } });
  request?.respond(500);
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [202]);
  assert.is(ground.hop.responses('INFO')[0]?.header('X-Own'), 'x');
  await finish(ground, dialog);
});

test('of the peer that the program leaves unanswered are forgotten when the peer has given up', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('INFO');
  await ground.clock.run(33_000);
  ground.asked[0]?.respond(200);
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [100], 'a 100 when Timer E would have come to T2 (RFC 4320)');
  await finish(ground, dialog);
});

test('without a handler INFO is answered 200, and what else would be the program’s to answer 488', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  raw.request('INFO');
  raw.request('MESSAGE', { headers: ['Content-Type: text/plain'], body: 'hello' });
  raw.request('UPDATE', { body: 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n' });
  await ground.clock.run(5);
  assert.equal(
    ['INFO', 'MESSAGE', 'UPDATE'].flatMap((method) => statuses(ground, method)),
    [200, 488, 488],
  );
  await finish(ground, dialog);
});

test('OPTIONS is answered by the stack with what it can do', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('OPTIONS');
  await ground.clock.run(5);
  const [ok] = ground.hop.responses('OPTIONS');
  assert.is(ok?.status, 200);
  assert.match(ok?.header('Allow') ?? '', 'UPDATE');
  assert.is(ground.asked.length, 0);
  await finish(ground, dialog);
});

test('a sequence number that is not higher than the last is answered 500, and the program is not asked', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  for (const cseq of [10, 9, 10, 2 ** 31 - 1, 11]) raw.request('OPTIONS', { cseq });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'OPTIONS'), [200, 500, 500, 200, 500]);
  await finish(ground, dialog);
});

test('a gap in the sequence is none of our business', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  for (const cseq of [3, 1000]) raw.request('OPTIONS', { cseq });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'OPTIONS'), [200, 200]);
  await finish(ground, dialog);
});

test('for a dialog that we do not have are answered 481', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  for (const method of ['INFO', 'BYE', 'INVITE', 'UPDATE', 'PRACK', 'FOO']) raw.request(method, { toTag: 'nobody' });
  const stranger = new RawDialog(ground.hop, ground.nearPort, { ...raw, local: raw.local.replace('raw', 'RAW') });
  stranger.request('BYE');
  await ground.clock.run(5);
  for (const method of ['INFO', 'INVITE', 'UPDATE', 'PRACK', 'FOO'])
    assert.equal(statuses(ground, method), [481], method);
  assert.equal(statuses(ground, 'BYE'), [481, 481]);
  assert.is(ground.asked.length, 0);
  await finish(ground, dialog);
});

test('a method that we do not know is answered 405 with those that we do', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  raw.request('SUBSCRIBE');
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'SUBSCRIBE'), [405]);
  assert.match(ground.hop.responses('SUBSCRIBE')[0]?.header('Allow') ?? '', 'INVITE, ACK');
  await finish(ground, dialog);
});

test('what requires an extension that we do not have is answered 420', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('INFO', { headers: ['Require: timer', 'Require: foo, bar'] });
  raw.request('INFO', { headers: ['Require: timer, ms-dialog-route-set-update'] });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [420]);
  assert.is(ground.hop.responses('INFO')[0]?.header('Unsupported'), 'foo, bar');
  assert.is(ground.asked.length, 1);
  ground.asked[0]?.respond(200);
  await finish(ground, dialog);
});

test('the Contact of a refresh is our target from its 2xx on, and that of a refused one is not', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  const { clock, hop, take } = ground;
  const targetAfter = async (contact: string, body: string, status = 200): Promise<string> => {
    raw.request('UPDATE', { contact, body });
    await clock.run(5);
    ground.asked.pop()?.respond(status, status < 300 ? { body: farAnswer } : {});
    await clock.run(5);
    await take(dialog.request('INFO'));
    return hop.last('INFO').requestUri;
  };
  assert.is(await targetAfter('sip:bob@10.0.0.7', ''), 'sip:bob@10.0.0.7');
  assert.is(await targetAfter('sip:carol@10.0.0.8', 'v=0\r\ns=1\r\n', 488), 'sip:bob@10.0.0.7');
  assert.is(await targetAfter('sip:dave@10.0.0.9;x=y', 'v=0\r\ns=1\r\n'), 'sip:dave@10.0.0.9;x=y');
  await finish(ground, dialog);
});

test('one that is given up fails at once, and its late answer is nobody’s', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  ground.hop.script = ({ method }) => method === 'INFO';
  const giveUp = new AbortController();
  ground.note('info', dialog.request('INFO', { signal: giveUp.signal }));
  await ground.clock.run(100);
  giveUp.abort();
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['info failed SIP_ABORTED']);
  ground.hop.accept(ground.hop.last('INFO'));
  await ground.clock.run(5);
  ground.note('early', dialog.request('INFO', { signal: AbortSignal.abort() }));
  await ground.clock.run(5);
  assert.equal(ground.seen().slice(1), ['early failed SIP_ABORTED']);
  assert.is(ground.hop.requests('INFO').length, 1);
  await finish(ground, dialog);
});

test('a dialog whose first route is another address than the hop waits for that to open', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.recordRoute = [`<${ground.other.uri};lr>`];
  const dialogs = ground.near.invite(`sip:bob@${host}:5070`);
  ground.note(
    'info',
    dialogs.then((dialog) => dialog.request('INFO')),
  );
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info 200']);
  assert.is(ground.other.requests('INFO').length, 1);
  await finish(ground, await dialogs);
});

test.run();
