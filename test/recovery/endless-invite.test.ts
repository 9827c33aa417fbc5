import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { Sip } from '../engine/raw-peer.ts';
import { nearOffer } from '../engine/world.ts';

const test = suite('A re-INVITE of the program that gets no final response');

const newOffer = `${nearOffer}t=0 0\r\n`;

/** A peer without UPDATE, so that heals need an offer, which the pending one holds up. */
async function withoutUpdate(): Promise<Bed> {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO', 'Supported: ms-dialog-route-set-update'];
  return ground;
}

test('but a 100 or a 180 is cancelled after 64*T1; it fails, and the heal that it held up is made', async () => {
  for (const status of [100, 180]) {
    const ground = await withoutUpdate();
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    let pending: Sip | undefined;
    hop.script = (request) => {
      if (request.method === 'INFO') {
        hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Wait-For-Session-Update'] });
        return true;
      }
      if (request.method === 'INVITE' && request.body === newOffer && pending === undefined) {
        pending = request;
        hop.reply(request, status);
        return true;
      }
      if (request.method !== 'CANCEL' || pending === undefined) return false;
      hop.reply(request, 200);
      hop.reply(pending, 487);
      return true;
    };
    ground.note('re-INVITE', dialog.request('INVITE', { body: newOffer }));
    await clock.run(1000);
    ground.note('info', dialog.request('INFO'));
    await clock.run(30_900);
    assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering'], String(status));
    assert.is(hop.requests('CANCEL').length, 0);
    assert.is(hop.requests('INVITE').length, 2, 'the call and the pending one: no heal yet');
    await clock.run(200);
    assert.is(hop.requests('CANCEL').length, 1);
    assert.is(hop.last('CANCEL').cseq, hop.requests('INVITE')[1]?.cseq);
    assert.is(ground.seen()[2], 're-INVITE failed 487 intermediary');
    await clock.run(1000);
    assert.equal(ground.seen().slice(3), ['healthy'], String(status));
    assert.is(hop.last('INVITE').body, nearOffer, 'the heal repeats what was agreed on, not what was refused');
    assert.is(hop.last('ACK').cseq, hop.last('INVITE').cseq);
    await finish(ground, dialog);
  }
});

test('not even to its CANCEL fails with 408 after 64*T1 more, and then the dialog heals', async () => {
  const ground = await withoutUpdate();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE' && request.body === newOffer) hop.reply(request, 180);
    return request.method === 'CANCEL' || request.body === newOffer;
  };
  ground.note('re-INVITE', dialog.request('INVITE', { body: newOffer }));
  await clock.run(63_900);
  assert.equal(ground.seen(), []);
  assert.ok(hop.requests('CANCEL').length > 5);
  await clock.run(1200);
  assert.equal(ground.seen(), ['re-INVITE failed 408 local', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('but is answered in time is not cancelled', async () => {
  const ground = await withoutUpdate();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE';
  };
  ground.note('re-INVITE', dialog.request('INVITE', { body: newOffer }));
  await clock.run(31_900);
  hop.accept(hop.last('INVITE'));
  await clock.run(60_000);
  assert.equal(ground.seen(), ['re-INVITE 200']);
  assert.is(hop.requests('CANCEL').length, 0);
  await finish(ground, dialog);
});

test.run();
