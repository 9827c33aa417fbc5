import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call } from './bed.ts';
import { Mutants } from './mutants.ts';
import type { RawDialog } from './raw-dialog.ts';
import { RawPeer, type Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted, obliging } from './world.ts';

const test = suite('Thousands of broken messages amid live dialogs');

const route = `<sip:${host}:5070;lr>`;

/** The Route of an INFO of this dialog's, wherever it goes; undefined when the dialog is over. */
async function routeOf(ground: Bed, stranger: RawPeer, dialog: Dialog): Promise<string | undefined> {
  const peers = [ground.hop, ground.other, stranger];
  const before = peers.map((peer) => peer.requests('INFO').length);
  const alive = await ground.take(
    dialog.request('INFO').then(
      () => true,
      () => false,
    ),
  );
  const [info] = peers.flatMap((peer, index) => peer.requests('INFO').slice(before[index]));
  return alive ? info?.header('Route') : undefined;
}

/** A stack with some dialogs, of both directions, and all that they are made of as text. */
async function battlefield(seed: number) {
  const log: string[] = [];
  const ground = await bed({
    hops: 1,
    network: { seed },
    stack: {
      application: noted(log, obliging),
      credentials: [{ username: 'bob', password: 'zanzibar' }],
      recovery: { challenge: { realm: 'x', users: { bob: 'zanzibar' } } },
    },
  });
  const stranger = await RawPeer.open(ground, 'stranger', 6666);
  const { hop, clock, take } = ground;
  const pairs: { dialog: Dialog; raw: RawDialog }[] = [];
  for (let count = 0; count < 6; count++) pairs.push(await call(ground));
  for (const { dialog, raw } of pairs) {
    await take(dialog.request('INFO', { body: 'hello', contentType: 'text/plain' }));
    await take(dialog.request('UPDATE'));
    raw.request('INFO');
    raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: ${route}`] });
    raw.request('INVITE', { body: nearOffer });
    await clock.run(5);
    const ok = hop.responses('INVITE').at(-1) as Sip;
    raw.request('ACK', { cseq: ok.cseq });
    await clock.run(5);
  }
  const templates = ground.network.log
    .map(({ bytes }) => new TextDecoder().decode(bytes))
    .filter((text) => !/^CSeq: \d+ (OPTIONS|BYE)/m.test(text));
  return { ...ground, stranger, pairs, templates: [...new Set(templates)], seenByProgram: log };
}

for (const seed of [1, 2, 3]) {
  test(`Q5: from a stranger who knows every dialog: no route changes, nothing throws, nothing is left (seed ${seed})`, async () => {
    const ground = await battlefield(seed);
    const { stranger, hop, clock, pairs, nearPort, take } = ground;
    const mutants = new Mutants(ground.random(7), ground.templates);
    for (let count = 0; count < 2500; count++) {
      const mutant = mutants.make();
      if (!mutant.startsWith('BYE ')) stranger.send(nearPort, mutant); // a BYE with the tags ends its dialog, and may
      if (count % 50 === 0) await clock.run(20);
      if (count % 500 === 0) for (const { dialog } of pairs) dialog.request('INFO').catch(() => undefined);
    }
    await clock.run(2000);
    let alive = 0;
    for (const { dialog } of pairs) {
      const now = await routeOf(ground, stranger, dialog);
      if (now === undefined) continue;
      alive++;
      assert.is(now, route);
      assert.is((await take(dialog.routeStatus())).status, 'healthy');
    }
    assert.is(alive, pairs.length);
    assert.is(stranger.requests('INFO').length + stranger.requests('UPDATE').length, 0);
    hop.script = () => false;
    for (const { dialog } of pairs) await take(dialog.bye());
    await clock.run(40_000);
    await ground.rest();
  });
}

test('from a listed hop, with requests and heals under way: nothing throws, and nothing is left', async () => {
  const ground = await battlefield(4);
  const { hop, clock, pairs, nearPort, take } = ground;
  const mutants = new Mutants(ground.random(8), ground.templates);
  let turn = 0;
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    const answers = ['silence', '430', '503', '401', 'mutant', '200'];
    const answer = answers[turn++ % answers.length];
    if (answer === 'silence') return true;
    if (answer === '200') return false;
    if (answer === '430') hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    else if (answer === '503') hop.reply(request, 503, { headers: ['Retry-After: 1'] });
    else if (answer === '401')
      hop.reply(request, 401, { headers: [`WWW-Authenticate: Digest realm="x", nonce="${turn}", qop="auth"`] });
    else
      hop.send(
        nearPort,
        new Mutants(ground.random(turn), [request.text.replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n')]).make(),
      );
    return true;
  };
  for (let count = 0; count < 1500; count++) {
    hop.send(nearPort, mutants.make());
    if (count % 25 === 0) await clock.run(200);
    if (count % 50 === 0) for (const { dialog } of pairs) dialog.request('INFO').catch(() => undefined);
    if (count % 200 === 0)
      for (const { dialog } of pairs) dialog.request('UPDATE', { body: farAnswer }).catch(() => undefined);
  }
  hop.script = () => false;
  await clock.run(300_000);
  for (const { dialog } of pairs) await take(dialog.bye().catch(() => undefined));
  await take(ground.near.close());
  await clock.runUntilIdle();
  assert.ok(ground.seenByProgram.length > 0);
});

test.run();
