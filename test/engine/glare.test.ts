import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Answer, Sip } from './raw-peer.ts';
import { farAnswer, nearOffer, noted } from './world.ts';

const test = suite(
  'Glare and too short a session: what is tried once more (RFC 3261 §14.1, RFC 3311 §5.3, RFC 4028 §7.3)',
);

const newOffer = 'v=0\r\no=near 1 2 IN IP4 10.0.0.1\r\ns=-\r\n';

/** The different requests of a method that came inside the dialog, without repetitions. */
function sent({ hop }: Bed, method: string): Sip[] {
  const inside = hop.requests(method).filter((request) => request.header('To').includes(';tag='));
  return inside.filter((request, index) => inside.findIndex(({ cseq }) => cseq === request.cseq) === index);
}

/** The hop refuses the next requests of a method so. */
function refuse({ hop }: Bed, method: string, times: number, status: number, answer: Answer = {}): void {
  let left = times;
  hop.script = (request) => {
    if (request.method !== method || left === 0) return false;
    left--;
    hop.reply(request, status, answer);
    return true;
  };
}

for (const method of ['INVITE', 'UPDATE']) {
  test(`${method} of the owner of the Call-ID is tried again 2.1 to 4 s after a 491, with the next CSeq`, async () => {
    for (const seed of [1, 2, 3]) {
      const ground = await bed({ network: { seed } });
      const { dialog } = await call(ground);
      const { clock } = ground;
      refuse(ground, method, 1, 491);
      ground.note('ours', dialog.request(method, { body: newOffer }));
      await clock.run(2090);
      assert.is(sent(ground, method).length, 1, `seed ${seed}`);
      await clock.run(1920);
      const [first, second] = sent(ground, method);
      assert.is(second?.cseq, (first?.cseq ?? 0) + 1);
      assert.is(second?.body, newOffer);
      assert.equal(ground.seen(), ['ours 200']);
      await finish(ground, dialog);
    }
  });
}

test('the other end tries again within 2 s', async () => {
  let answered: Promise<Dialog> | undefined;
  const application = {
    onCall: (incoming: IncomingCall) => {
      answered = incoming.answer({ body: farAnswer });
    },
  };
  const ground = await bed({ stack: { application } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'not-ours');
  raw.request('INVITE', { body: nearOffer });
  await ground.clock.run(10);
  raw.acknowledge(ground.hop.responses('INVITE')[0] ?? ground.hop.last(''));
  await ground.clock.run(10);
  const dialog = await answered;
  assert.ok(dialog);
  refuse(ground, 'INVITE', 1, 491);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(2010);
  assert.equal(ground.seen(), ['ours 200']);
  await finish(ground, dialog);
});

test('500 with a Retry-After of up to 10 s is waited for as long, recovery on or off', async () => {
  for (const mode of ['none', 'maximum'] as const) {
    for (const method of ['INVITE', 'UPDATE']) {
      const ground = await bed({ stack: { recovery: { mode } } });
      const { dialog } = await call(ground);
      const { clock } = ground;
      refuse(ground, method, 1, 500, { headers: ['Retry-After: 7'] });
      ground.note('ours', dialog.request(method, { body: newOffer }));
      await clock.run(6990);
      assert.is(sent(ground, method).length, 1);
      await clock.run(30);
      assert.equal(ground.seen(), ['ours 200'], `${mode} ${method}`);
      await finish(ground, dialog);
    }
  }
});

test('500 without Retry-After, or with a longer one, is no glare, and other methods are never tried again', async () => {
  for (const [method, headers] of [
    ['INVITE', []],
    ['UPDATE', ['Retry-After: 11']],
    ['INFO', ['Retry-After: 1']],
  ] as const) {
    const ground = await bed({ stack: { recovery: { mode: 'none' } } });
    const { dialog } = await call(ground);
    refuse(ground, method, 9, 500, { headers });
    ground.note('ours', dialog.request(method, { body: newOffer, contentType: 'application/sdp' }));
    await ground.clock.run(12_000);
    assert.equal(ground.seen(), ['ours failed 500 intermediary']);
    assert.is(sent(ground, method).length, 1);
    await finish(ground, dialog);
  }
});

test('what a younger request of ours overtook, so that the peer answers 500, says nothing of the route', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => request.method === 'INFO' || request.method === 'UPDATE';
  ground.note('info', dialog.request('INFO'));
  ground.note('update', dialog.request('UPDATE'));
  await clock.run(5);
  const [info, update] = [hop.last('INFO'), hop.last('UPDATE')];
  hop.script = () => false;
  await ground.take(dialog.request('MESSAGE'));
  hop.reply(info, 500);
  hop.reply(update, 500);
  await clock.run(10);
  assert.equal(ground.seen().sort(), ['info failed 500 intermediary', 'update 200']);
  assert.is(hop.last('UPDATE').cseq, update.cseq + 2, 'a target refresh is tried once more');
  await finish(ground, dialog);
});

test('one that was overtaken is tried again after a short Retry-After; a long one is told as its failure, and says nothing of the route', async () => {
  for (const [seconds, outcome] of [
    [7, 'update 200'],
    [11, 'update failed 500 intermediary'],
  ] as const) {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => request.method === 'UPDATE';
    ground.note('update', dialog.request('UPDATE'));
    await clock.run(5);
    const update = hop.last('UPDATE');
    hop.script = () => false;
    await ground.take(dialog.request('INFO'));
    hop.reply(update, 500, { headers: [`Retry-After: ${seconds}`] });
    await clock.run(6990);
    assert.is(hop.last('UPDATE').cseq, update.cseq, 'not yet');
    await clock.run(5000);
    assert.equal(ground.seen(), [outcome]);
    assert.is(sent(ground, 'UPDATE').length, seconds === 7 ? 2 : 1);
    await finish(ground, dialog);
  }
});

test('a session refresh that was overtaken is left for a long Retry-After, without a word of the route', async () => {
  const ground = await bed();
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 90;refresher=uac', 'Require: timer'];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => request.method === 'UPDATE';
  await clock.run(45_100);
  const refresh = hop.last('UPDATE');
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  hop.reply(refresh, 500, { headers: ['Retry-After: 20'] });
  await clock.run(19_900);
  assert.is(sent(ground, 'UPDATE').length, 1);
  await clock.run(200);
  assert.is(sent(ground, 'UPDATE').length, 2);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('a peer that is busy for good refuses four times, then the program hears of it', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  refuse(ground, 'INVITE', 99, 491, { headers: ['User-Agent: busy'] });
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(30_000);
  assert.equal(ground.seen(), ['ours failed 491 remote']);
  assert.is(sent(ground, 'INVITE').length, 4);
  await finish(ground, dialog);
});

test('meanwhile the peer’s own offer is taken, and ours follows when that is through', async () => {
  const ground = await bed({
    stack: { application: { ...noted([]), onRequest: (each) => each.respond(200, { body: nearOffer }) } },
  });
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  refuse(ground, 'INVITE', 1, 491);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(100);
  raw.request('INVITE', { body: 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n' });
  await clock.run(100);
  assert.is(hop.responses('INVITE').at(-1)?.status, 200);
  raw.acknowledge(hop.responses('INVITE').at(-1) ?? hop.last(''));
  ground.note('second', dialog.request('INVITE', { body: newOffer }));
  await clock.run(4000);
  assert.equal(ground.seen(), ['second failed 491 local', 'ours 200']);
  await finish(ground, dialog);
});

test('an offer of the peer’s that is pending when our turn comes is waited for', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  refuse(ground, 'INVITE', 1, 491);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(1800);
  raw.request('INVITE', { body: farAnswer });
  await clock.run(3000);
  assert.is(sent(ground, 'INVITE').length, 1, 'its ACK has not come');
  raw.acknowledge(hop.responses('INVITE').at(-1) ?? hop.last(''));
  await clock.run(4100);
  assert.equal(ground.seen(), ['ours 200']);
  await finish(ground, dialog);
});

test('no offer is sent while an UPDATE’s waits for its answer (RFC 3264 §4)', async () => {
  let answer = (): void => undefined;
  const ground = await bed({
    stack: {
      application: {
        ...noted([]),
        onRequest: (each) => {
          answer = () => each.respond(200, { body: nearOffer });
        },
      },
    },
  });
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  raw.request('UPDATE', { body: 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n' });
  await clock.run(100);
  ground.note('crossing', dialog.request('UPDATE', { body: newOffer }));
  await clock.run(100);
  assert.is(sent(ground, 'UPDATE').length, 0);
  answer();
  await clock.run(100);
  assert.is(hop.responses('UPDATE').at(-1)?.status, 200);
  ground.note('later', dialog.request('UPDATE', { body: newOffer }));
  await clock.run(100);
  assert.equal(ground.seen(), ['crossing failed 491 local', 'later 200']);
  await finish(ground, dialog);
});

/** A call whose peer has sent an UPDATE with an offer but takes none, which the program leaves undecided until `answer`. */
async function offered(quietMs: number): Promise<{ ground: Bed; dialog: Dialog; answer: () => void }> {
  let answer = (): void => undefined;
  const application = {
    ...noted([]),
    onRequest: (each: { respond(status: number, content: { body: string }): void }) => {
      answer = () => each.respond(200, { body: nearOffer });
    },
  };
  const ground = await bed({ hops: 1, stack: { application } });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 90;refresher=uac', 'Require: timer'];
  const { dialog, raw } = await call(ground);
  await ground.clock.run(quietMs);
  raw.request('UPDATE', {
    headers: ['Session-Expires: 90;refresher=uas', 'Supported: timer'],
    body: 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n',
  });
  await ground.clock.run(10);
  return { ground, dialog, answer: () => answer() };
}

test('nor is a session refreshed by re-INVITE until then', async () => {
  const { ground, dialog, answer } = await offered(44_000);
  const { clock } = ground;
  await clock.run(3000);
  assert.is(sent(ground, 'INVITE').length, 0);
  answer();
  await clock.run(46_000);
  assert.is(sent(ground, 'INVITE').length, 1);
  await finish(ground, dialog);
});

test('nor a dialog healed with an offer', async () => {
  const { ground, dialog, answer } = await offered(1000);
  const { clock } = ground;
  ground.note('heal', dialog.heal());
  await clock.run(3000);
  assert.is(sent(ground, 'INVITE').length, 0);
  answer();
  await clock.run(1000);
  assert.is(sent(ground, 'INVITE').length, 1);
  assert.equal(ground.seen(), ['heal healthy']);
  await finish(ground, dialog);
});

test('an offer of the program’s waits for a refresh of the stack’s own that is pending', async () => {
  const ground = await bed();
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 600;refresher=uac', 'Require: timer'];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'INVITE';
  await clock.run(300_010);
  assert.is(sent(ground, 'INVITE').length, 1);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(100);
  assert.is(sent(ground, 'INVITE').length, 1);
  hop.script = () => false;
  hop.accept(hop.last('INVITE'));
  await clock.run(4000);
  assert.equal(ground.seen(), ['ours 200']);
  assert.is(sent(ground, 'INVITE').length, 2);
  await finish(ground, dialog);
});

test('an offer that is in its way for too long is told as our own 491', async () => {
  const ground = await bed();
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 600;refresher=uac', 'Require: timer'];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE';
  };
  await clock.run(300_010);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(13_000);
  assert.equal(ground.seen(), ['ours failed 491 local']);
  hop.script = () => false;
  hop.accept(hop.last('INVITE'));
  await clock.run(10);
  await finish(ground, dialog);
});

test('who gives up while it waits is told at once, and nothing is sent', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  refuse(ground, 'INVITE', 1, 491);
  const giveUp = new AbortController();
  ground.note('ours', dialog.request('INVITE', { body: newOffer, signal: giveUp.signal }));
  await ground.clock.run(1000);
  giveUp.abort();
  await ground.clock.run(5000);
  assert.equal(ground.seen(), ['ours failed SIP_ABORTED']);
  assert.is(sent(ground, 'INVITE').length, 1);
  await finish(ground, dialog);
});

test('a dialog that ends while it waits ends the waiting', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  refuse(ground, 'INVITE', 1, 491);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(1000);
  raw.request('BYE');
  await ground.clock.run(5000);
  assert.equal(ground.seen(), ['ours failed SIP_DIALOG_ENDED', 'ended remote bye']);
  assert.ok(dialog);
  await ground.rest();
});

test('a BYE of ours while it waits ends the waiting: no offer follows a BYE (RFC 3261 §15.1.1)', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  refuse(ground, 'INVITE', 1, 491);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(1000);
  hop.script = (request) => request.method === 'BYE';
  ground.note('bye', dialog.bye());
  await clock.run(5000);
  assert.is(sent(ground, 'INVITE').length, 1);
  assert.equal(ground.seen(), ['ours failed SIP_DIALOG_ENDED']);
  hop.script = () => false;
  await clock.run(5000);
  await ground.rest();
});

test('a route that breaks while it waits ends the waiting with the 491', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 491);
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method !== 'BYE';
  };
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(1000);
  ground.note('info', dialog.request('INFO'));
  await clock.run(4000);
  assert.equal(ground.seen(), ['info failed 503 intermediary', 'recovering', 'ours failed 491 intermediary']);
  hop.script = () => false;
  await clock.run(40_000);
  await finish(ground, dialog);
});

test('422 to a re-INVITE: the next one asks for the interval that it names, and all later ones name it as well', async () => {
  const ground = await bed();
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 600;refresher=uac', 'Require: timer'];
  const { dialog } = await call(ground);
  refuse(ground, 'INVITE', 1, 422, { headers: ['Min-SE: 900'] });
  const response = await ground.take(dialog.request('INVITE', { body: newOffer }));
  assert.is(response.status, 200);
  const [first, second] = sent(ground, 'INVITE');
  assert.equal([first?.header('Session-Expires'), first?.header('Min-SE')], ['600;refresher=uac', '']);
  assert.equal([second?.header('Session-Expires'), second?.header('Min-SE')], ['900;refresher=uac', '900']);
  assert.is(second?.cseq, (first?.cseq ?? 0) + 1);
  await ground.take(dialog.request('UPDATE'));
  assert.is(sent(ground, 'UPDATE')[0]?.header('Min-SE'), '900');
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Min-SE'), '');
  await finish(ground, dialog);
});

test('422 that names no longer interval, or that raises it again and again, is the program’s to hear', async () => {
  for (const [minSe, tries] of [
    [() => '', 1],
    [(tries: number) => `Min-SE: ${1000 * tries}`, 4],
  ] as const) {
    const ground = await bed();
    ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 600;refresher=uac', 'Require: timer'];
    const { dialog } = await call(ground);
    const { hop } = ground;
    let refused = 0;
    hop.script = (request) => {
      if (request.method !== 'UPDATE') return false;
      const line = minSe(++refused);
      hop.reply(request, 422, { headers: line === '' ? [] : [line] });
      return true;
    };
    ground.note('ours', dialog.request('UPDATE'));
    await ground.clock.run(100);
    assert.equal(ground.seen(), ['ours failed 422 intermediary']);
    assert.is(sent(ground, 'UPDATE').length, tries);
    hop.script = () => false;
    await finish(ground, dialog);
  }
});

test.run();
