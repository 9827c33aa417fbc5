import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawDialog } from '../engine/raw-dialog.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { farAnswer, host } from '../engine/world.ts';

const test = suite('Healed by the far end, and heals that cross (figure 2b)');

const resilient = 'Supported: ms-dialog-route-set-update';

/** Breaks the route and keeps our own heals from ending; the log is empty then. */
async function recovering(ground: Bed, dialog: { request(method: string): Promise<unknown> }): Promise<void> {
  ground.hop.script = (request) => {
    if (request.method === 'INFO') ground.hop.reply(request, 500);
    return request.method !== 'BYE';
  };
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['recovering']);
}

/** The Route of our next request in the dialog, wherever it goes. */
async function routeOf(ground: Bed, dialog: { request(method: string): Promise<unknown> }): Promise<string> {
  const { hop, other, take } = ground;
  hop.script = () => false;
  await take(dialog.request('MESSAGE').catch(() => undefined));
  const [newest] = [...hop.requests('MESSAGE'), ...other.requests('MESSAGE')].sort((a, b) => b.cseq - a.cseq);
  return newest?.header('Route') ?? 'none';
}

function refresh(ground: Bed, raw: RawDialog, headers: readonly string[], by: RawPeer = ground.hop): void {
  raw.request('UPDATE', { headers, by });
}

test('its refresh by a listed hop brings a new route: answered 200 with Record-Route, one event', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  await recovering(ground, dialog);
  const recordRoute = [`<${ground.other.uri};lr>;x="y"`, '<sip:10.0.0.9;lr>'];
  refresh(ground, raw, [resilient, ...recordRoute.map((value) => `Record-Route: ${value}`)], ground.other);
  await ground.clock.run(5);
  const [ok] = ground.other.responses('UPDATE');
  assert.is(ok?.status, 200);
  assert.equal(ok?.all('Record-Route'), recordRoute);
  assert.is(ok?.header('Contact'), '<sip:10.0.0.1:5060>');
  assert.match(ok?.header('Supported') ?? '', 'ms-dialog-route-set-update');
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  const { healedBy, peerRouteRefreshed, generation } = await ground.take(dialog.routeStatus());
  assert.equal([healedBy, peerRouteRefreshed, generation], ['remote', undefined, 1]);
  assert.is(await routeOf(ground, dialog), `<${ground.other.uri};lr>, <sip:10.0.0.9;lr>`);
  await finish(ground, dialog);
});

test('without Record-Route it empties the route set of a broken dialog, and leaves that of a healthy one', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  refresh(ground, raw, [resilient]);
  await ground.clock.run(5);
  assert.is(await routeOf(ground, dialog), `<${ground.hop.uri};lr>`);
  await recovering(ground, dialog);
  refresh(ground, raw, [resilient]);
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(await routeOf(ground, dialog), '');
  await finish(ground, dialog);
});

test('a healthy dialog takes a new route from it as well, without an event', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  refresh(ground, raw, [resilient, `Record-Route: <${ground.other.uri};lr>`]);
  await ground.clock.run(5);
  assert.equal(ground.seen(), []);
  assert.is(await routeOf(ground, dialog), `<${ground.other.uri};lr>`);
  await finish(ground, dialog);
});

test('what cannot be trusted or used is answered by RFC 3261: the target alone', async () => {
  const many = Array.from({ length: 31 }, (_, i) => `<sip:10.0.1.${i};lr>`).join(', ');
  const stranger = 6001;
  for (const [why, headers, port] of [
    ['a stranger', [resilient, `Record-Route: <sip:${host}:6001;lr>`], stranger],
    ['no option tag', [`Record-Route: <sip:${host}:5080;lr>`], 5070],
    ['a strict router', [resilient, `Record-Route: <sip:${host}:5080>`], 5070],
    ['malformed', [resilient, 'Record-Route: sip:no-brackets'], 5070],
    ['too many', [resilient, `Record-Route: ${many}`], 5070],
    ['not SIP', [resilient, 'Record-Route: <http://10.0.0.1;lr>'], 5070],
  ] as const) {
    const ground = await bed();
    const { dialog, raw } = await call(ground);
    const by = port === stranger ? await RawPeer.open(ground, 'stranger', stranger) : ground.hop;
    await recovering(ground, dialog);
    raw.request('UPDATE', { headers, by, contact: 'sip:moved@10.0.0.1' });
    await ground.clock.run(5);
    assert.is(by.responses('UPDATE')[0]?.status, 200, why);
    assert.equal(ground.seen(), ['recovering'], why);
    assert.is(await routeOf(ground, dialog), `<${ground.hop.uri};lr>`, why);
    assert.is(ground.hop.last('MESSAGE').requestUri, 'sip:moved@10.0.0.1', why);
    await ground.clock.run(40_000);
    await finish(ground, dialog);
  }
});

test('who writes the address of a listed hop into its Via is no listed hop', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const stranger = await RawPeer.open(ground, 'stranger', 6001);
  await recovering(ground, dialog);
  const via = `SIP/2.0/UDP ${host}:5070;branch=${stranger.branch()}`;
  raw.request('UPDATE', { headers: [resilient, `Record-Route: <${stranger.uri};lr>`], by: stranger, via });
  await ground.clock.run(10);
  assert.is(ground.hop.responses('UPDATE')[0]?.status, 200, 'answered where the Via says');
  assert.equal(ground.seen(), ['recovering']);
  assert.is(await routeOf(ground, dialog), `<${ground.hop.uri};lr>`);
  await ground.clock.run(40_000);
  await finish(ground, dialog);
});

test('Q6: crossing UPDATEs without a body are both answered, and both routes are taken, the later last', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  await recovering(ground, dialog);
  assert.is(ground.hop.requests('UPDATE').length, 1);
  refresh(ground, raw, [resilient, `Record-Route: <${ground.other.uri};lr>`], ground.other);
  await ground.clock.run(5);
  assert.is(ground.other.responses('UPDATE')[0]?.status, 200);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  ground.hop.accept(ground.hop.last('UPDATE'));
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['recovering', 'healthy'], 'one event');
  const { healedBy, generation } = await ground.take(dialog.routeStatus());
  assert.equal([healedBy, generation], ['local', 2]);
  assert.is(await routeOf(ground, dialog), `<${ground.hop.uri};lr>`);
  await finish(ground, dialog);
});

test('an answer to our heal that names another Contact than the far end’s later refresh is older, and undoes nothing', async () => {
  for (const breaksAgain of [false, true]) {
    const ground = await bed();
    const { dialog, raw } = await call(ground);
    const { hop, other, clock } = ground;
    await recovering(ground, dialog);
    const heal = hop.last('UPDATE');
    const headers = [resilient, `Record-Route: <${other.uri};lr>`];
    raw.request('UPDATE', { headers, by: other, contact: 'sip:heir@10.0.0.1' });
    await clock.run(5);
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    if (breaksAgain) {
      other.script = (request) => {
        if (request.method === 'INFO') other.reply(request, 500);
        return request.method === 'INFO';
      };
      dialog.request('INFO').catch(() => undefined);
      await clock.run(5);
    }
    hop.script = () => false;
    hop.accept(heal);
    await clock.run(5);
    const status = await ground.take(dialog.routeStatus());
    assert.is(status.status, 'healthy');
    assert.is(status.healedBy, breaksAgain ? 'local' : 'remote');
    const heals = [...hop.requests('UPDATE'), ...other.requests('UPDATE')].filter(({ cseq }) => cseq !== heal.cseq);
    assert.is(heals.length, breaksAgain ? 1 : 0);
    await ground.take(dialog.request('MESSAGE'));
    const [message] = [...hop.requests('MESSAGE'), ...other.requests('MESSAGE')];
    assert.is(message?.requestUri === 'sip:heir@10.0.0.1', !breaksAgain);
    await finish(ground, dialog);
  }
});

test('an answer to our heal that moves is taken, where the far end’s later refresh told of no move', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, other, clock } = ground;
  await recovering(ground, dialog);
  const heal = hop.last('UPDATE');
  refresh(ground, raw, [resilient, `Record-Route: <${other.uri};lr>`], other);
  await clock.run(5);
  hop.reply(heal, 200, { headers: [`Record-Route: <${hop.uri};lr>`, 'Contact: <sip:moved@10.0.0.1>', resilient] });
  await clock.run(5);
  const { healedBy, generation } = await ground.take(dialog.routeStatus());
  assert.equal([healedBy, generation], ['local', 2]);
  hop.script = () => false;
  await ground.take(dialog.request('MESSAGE'));
  assert.is(hop.last('MESSAGE').requestUri, 'sip:moved@10.0.0.1');
  await finish(ground, dialog);
});

test('Q6: a heal of ours that the far end overtook does no harm when it fails', async () => {
  for (const status of [404, 405, 481, 410, 491, 500, 603]) {
    const ground = await bed();
    const { dialog, raw } = await call(ground);
    await recovering(ground, dialog);
    const heals = ground.hop.requests('UPDATE').length;
    refresh(ground, raw, [resilient, `Record-Route: <${ground.other.uri};lr>`], ground.other);
    await ground.clock.run(5);
    ground.hop.reply(ground.hop.last('UPDATE'), status);
    await ground.clock.run(5000);
    assert.equal(ground.seen(), ['recovering', 'healthy'], String(status));
    assert.is(ground.hop.requests('UPDATE').length, heals, String(status));
    await finish(ground, dialog);
  }
});

test('a heal of ours that the far end overtook, and that never ends, does no harm either', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  await recovering(ground, dialog);
  refresh(ground, raw, [resilient, `Record-Route: <${ground.other.uri};lr>`], ground.other);
  await ground.clock.run(33_000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a route that breaks again while the old heal is under way is healed by a new one', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  await recovering(ground, dialog);
  const old = ground.hop.last('UPDATE');
  refresh(ground, raw, [resilient, `Record-Route: <${ground.hop.uri};lr>`]);
  await ground.clock.run(5);
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy', 'recovering']);
  ground.hop.script = () => false;
  ground.hop.reply(old, 481);
  await ground.clock.run(10);
  assert.equal(ground.seen().slice(3), ['healthy']);
  await finish(ground, dialog);
});

test('Q6: re-INVITEs that cross are answered 491: the owner of the Call-ID waits 2.1 to 4 s, then heals', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO', resilient];
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    return request.method !== 'BYE';
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(10);
  const heal = hop.last('INVITE');
  raw.request('INVITE', { headers: [resilient, `Record-Route: <${hop.uri};lr>`], body: farAnswer });
  await clock.run(10);
  assert.is(hop.responses('INVITE')[0]?.status, 491);
  raw.request('ACK', { cseq: raw.cseq });
  const fromMs = clock.nowMs();
  hop.reply(heal, 491);
  hop.script = () => false;
  const cseqs = (): number => new Set(hop.requests('INVITE').map(({ cseq }) => cseq)).size;
  const before = cseqs();
  await clock.run(2090);
  assert.is(cseqs(), before);
  await clock.run(2000);
  assert.is(cseqs(), before + 1);
  assert.ok(clock.nowMs() - fromMs <= 4100);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('requests that wait for our heal go by the route that the far end has brought meanwhile', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, other, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO')
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return request.method !== 'BYE';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(10);
  assert.equal(ground.seen(), []);
  refresh(ground, raw, [resilient, `Record-Route: <${other.uri};lr>`], other);
  await clock.run(10);
  assert.equal(ground.seen(), ['info 200']);
  assert.is(other.last('INFO').header('Route'), `<${other.uri};lr>`);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  await finish(ground, dialog);
});

test.run();
