import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, DialogRecord, StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { leastRecord } from './records.ts';
import { host, obliging } from './world.ts';

const test = suite('CSeq (RFC 3261 §8.1.1.5, §12.2)');

const last = 2 ** 31 - 1;

/** A dialog whose last number of ours is this one. */
async function numbered(
  localSequenceNumber: number,
  record: Partial<DialogRecord> = {},
  stack: Partial<StackOptions> = {},
): Promise<{ ground: Bed; dialog: Dialog }> {
  const ground = await bed({ hops: 1, stack });
  const routeSet = [`sip:${host}:${ground.hop.port};lr`];
  const dialog = await ground.take(ground.near.adopt({ ...leastRecord, routeSet, localSequenceNumber, ...record }));
  ground.log.length = 0;
  return { ground, dialog };
}

function statuses({ hop }: Bed, method: string): number[] {
  return hop.responses(method).map(({ status }) => status);
}

test('our numbers go up to 2^31-1: the last ones are kept for BYE, and every other request fails before it is sent', async () => {
  const { ground, dialog } = await numbered(last - 5);
  const { hop, note, clock } = ground;
  note('last', dialog.request('INFO'));
  note('one more', dialog.request('INFO'));
  await clock.run(10);
  assert.equal(ground.seen().sort(), ['last 200', 'one more failed SIP_OVERLOADED']);
  assert.equal(
    hop.requests('INFO').map(({ cseq }) => cseq),
    [last - 4],
  );
  await ground.take(dialog.bye());
  assert.is(hop.last('BYE').cseq, last - 3);
  await ground.rest();
});

test('no number ever passes 2^31-1', async () => {
  const { ground, dialog } = await numbered(last - 1);
  await ground.take(dialog.bye());
  assert.is(ground.hop.last('BYE').cseq, last);
  await ground.rest();
});

test('a session that has no number left for a refresh is ended by BYE when it expires', async () => {
  const { ground } = await numbered(last - 4, { sessionTimer: { intervalS: 600, refresher: 'local' } });
  await ground.clock.run(599_000);
  assert.is(ground.hop.requests('UPDATE').length + ground.hop.requests('INVITE').length, 0);
  await ground.clock.run(2000);
  assert.equal(ground.seen(), ['ended local session-expired']);
  assert.is(ground.hop.last('BYE').cseq, last - 3);
  await ground.rest();
});

test('a route that breaks then is healed by the far end alone', async () => {
  const { ground, dialog } = await numbered(last - 5);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO';
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(10_000);
  assert.equal(ground.seen(), ['recovering']);
  assert.is(hop.requests('INVITE').length + hop.requests('UPDATE').length, 0);
  await finish(ground, dialog);
});

test('the first request of the peer’s in a call of ours may have any number, 0 and 2^31-1 included', async () => {
  for (const cseq of [0, 1, 4711, last]) {
    const ground = await bed({ stack: { application: obliging } });
    const { dialog, raw } = await call(ground);
    raw.request('INFO', { cseq });
    raw.request('INFO', { cseq });
    await ground.clock.run(5);
    assert.equal(statuses(ground, 'INFO'), [200, 500], String(cseq));
    await finish(ground, dialog);
  }
});

test('a number of 2^31 and more is no number: 400, and the dialog goes on as it was', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  for (const cseq of [5, 2 ** 31, 2 ** 32, 2 ** 32 + 6, 2 ** 53, 6]) raw.request('INFO', { cseq });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [200, 400, 400, 400, 400, 200]);
  await finish(ground, dialog);
});

test('ACK and CANCEL carry the number of their INVITE, and do not move the sequence', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  raw.request('INVITE', { cseq: 10, body: 'v=0\r\ns=1\r\n' });
  await ground.clock.run(5);
  raw.request('ACK', { cseq: 99 });
  raw.request('INFO', { cseq: 11 });
  raw.request('ACK', { cseq: 10 });
  raw.request('INFO', { cseq: 12 });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [200, 200]);
  const oks = ground.hop.responses('INVITE').length;
  await ground.clock.run(5000);
  assert.is(ground.hop.responses('INVITE').length, oks);
  await finish(ground, dialog);
});

test('an ACK with another number than the INVITE’s acknowledges nothing', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  raw.request('INVITE', { cseq: 10, body: 'v=0\r\ns=1\r\n' });
  await ground.clock.run(5);
  raw.request('ACK', { cseq: 9 });
  raw.request('ACK', { cseq: 11 });
  await ground.clock.run(600);
  assert.is(ground.hop.responses('INVITE').length, 2, 'the 2xx is repeated');
  raw.request('ACK', { cseq: 10 });
  await ground.clock.run(5);
  await finish(ground, dialog);
});

test('a request that is refused for its number changes nothing', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { cseq: 10, contact: 'sip:new@10.0.0.7' });
  raw.request('UPDATE', { cseq: 9, contact: 'sip:old@10.0.0.8' });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'UPDATE'), [200, 500]);
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').requestUri, 'sip:new@10.0.0.7');
  await finish(ground, dialog);
});

test.run();
