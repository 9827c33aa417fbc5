import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Application, createEdge, type DialogEnd, type DialogEndedMessage } from '../../core/index.ts';
import { type Bed, type BedOptions, bed, call } from '../engine/bed.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { farAnswer, host, nearOffer, noted, world } from '../engine/world.ts';

const test = suite('Lost BYE: our end is final, and the peer still hears of it');

const hopAddress = { host, port: 5070 };
const epochMs = Date.UTC(2026, 0, 1);

interface EndedBed extends Bed {
  readonly ends: DialogEnd[];
}

async function ended(options: BedOptions = {}): Promise<EndedBed> {
  const ends: DialogEnd[] = [];
  const log: string[] = [];
  const application: Application = {
    onRouteStatus: (_dialog, { status }) => void log.push(status),
    onEnded: (_dialog, by, reason, end) => {
      log.push(`ended ${by} ${reason}`);
      ends.push(end);
    },
  };
  const ground = await bed({ hops: 1, ...options, stack: { application, ...options.stack } });
  return { ...ground, ends, seen: () => [...ground.seen(), ...log] };
}

/** The hop is gone; what the stack notices of that has been noticed. */
async function outage(ground: Bed): Promise<void> {
  ground.network.kill(hopAddress);
  await ground.clock.run(2000);
}

/** The hop is back, as a process that remembers nothing. */
async function back(ground: Bed): Promise<RawPeer> {
  return RawPeer.open(ground, 'hop', hopAddress.port);
}

const owed = async (ground: Bed): Promise<number> => (await ground.take(ground.near.counts())).owedByes;
const at = (ms: number): DialogEnd => ({ atMs: ms, notBeforeMs: ms, notAfterMs: ms });

test('Q10: with no hop up, BYE ends our side at once, and goes to the peer when a hop is back, with the time of the end as its Date', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  await outage(ground);
  const endedAtMs = ground.clock.nowMs();
  ground.note('bye', dialog.bye());
  await ground.clock.run(0);
  assert.equal(ground.seen(), ['bye done', 'recovering', 'ended local bye']);
  assert.equal(ground.ends, [at(endedAtMs)]);
  assert.is(await owed(ground), 1);
  assert.is((await ground.take(ground.near.counts())).dialogs, 0);
  await ground.clock.run(600_000);
  const hop = await back(ground);
  await ground.clock.run(1000);
  const bye = hop.last('BYE');
  assert.is(hop.requests('BYE').length, 1);
  assert.is(bye.header('Call-ID'), dialog.callId);
  assert.is(bye.header('Route'), '');
  assert.is(bye.header('Date'), new Date(epochMs + endedAtMs).toUTCString());
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('Q10: a BYE that nobody answers is over after 32 s, and what is told is when it was asked for', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  ground.hop.script = () => true;
  const askedAtMs = ground.clock.nowMs();
  ground.note('bye', dialog.bye());
  await ground.clock.run(31_900);
  assert.equal(ground.seen(), []);
  await ground.clock.run(200);
  assert.equal(ground.seen(), ['bye done', 'ended local bye']);
  assert.equal(ground.ends, [at(askedAtMs)]);
  const before = ground.hop.requests('BYE').length;
  ground.hop.script = () => false;
  await ground.clock.run(3000);
  assert.is(ground.hop.requests('BYE').length, before + 1);
  assert.ok(ground.hop.last('BYE').cseq > (ground.hop.requests('BYE')[0]?.cseq ?? 0), 'a new request');
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('Q10: one whose answers come late and bad is over after 32 s all the same', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = () => true;
  ground.note('bye', dialog.bye());
  await clock.run(30_000);
  hop.reply(hop.last('BYE'), 503);
  await clock.run(1900);
  assert.equal(ground.seen(), []);
  await clock.run(200);
  assert.equal(ground.seen(), ['bye done', 'ended local bye']);
  hop.script = () => false;
  await ground.rest();
});

for (const refusal of [503, 480, 500]) {
  test(`a hop that answers ${refusal} in the peer’s place is asked again, ever more seldom`, async () => {
    const ground = await ended();
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    const at: number[] = [];
    hop.script = (request) => {
      at.push(clock.nowMs());
      hop.reply(request, refusal);
      return true;
    };
    await ground.take(dialog.bye());
    await clock.run(600_000);
    const gaps = at.slice(2).map((ms, index) => ms - (at[index + 1] ?? 0));
    assert.ok(at.length >= 8 && at.length <= 13, `${at}`);
    for (const [index, gap] of gaps.entries()) assert.ok(gap <= 1000 * 2 ** (index + 1) + 5, `${gaps}`);
    hop.script = () => false;
    await ground.rest();
  });
}

for (const final of [200, 481, 403, 603]) {
  test(`${final} is the peer’s word: nothing is owed any more`, async () => {
    const ground = await ended();
    const { dialog } = await call(ground);
    await outage(ground);
    await ground.take(dialog.bye());
    const hop = await back(ground);
    hop.script = (request) => {
      hop.reply(request, final);
      return true;
    };
    await ground.clock.run(5000);
    assert.ok(hop.requests('BYE').length <= 2); // 403 to a BYE without a Route is followed by one with it
    assert.is(await owed(ground), 0);
    await ground.rest();
  });
}

test('a hop that wants a Route gets one that names it', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  await outage(ground);
  await ground.take(dialog.bye());
  const hop = await back(ground);
  hop.script = (request) => {
    if (request.header('Route') === '') hop.reply(request, 404);
    return request.header('Route') === '';
  };
  await ground.clock.run(1000);
  assert.equal(
    hop.requests('BYE').map(({ header }) => header('Route')),
    ['', `<${hop.uri};lr>`],
  );
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('the peer’s heal of a dialog that we have ended is answered by our BYE, and then 481', async () => {
  const ground = await ended();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = () => true;
  ground.note('bye', dialog.bye());
  await clock.run(32_500);
  const before = hop.received.length;
  hop.script = () => false;
  raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update'] });
  await clock.run(2);
  assert.equal(
    hop.received.slice(before).map(({ method, status }) => `${method} ${status}`),
    ['BYE 0', 'UPDATE 481'],
  );
  await clock.run(10);
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('the peer’s own BYE settles it: 200, and none of ours follows', async () => {
  const ground = await ended();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = () => true;
  ground.note('bye', dialog.bye());
  await clock.run(32_500);
  const before = hop.requests('BYE').length;
  raw.request('BYE');
  await clock.run(5);
  assert.is(hop.responses('BYE').at(-1)?.status, 200);
  assert.is(await owed(ground), 0);
  await clock.run(100_000);
  assert.is(hop.requests('BYE').length, before);
  assert.equal(ground.seen(), ['bye done', 'ended local bye']);
  await ground.rest();
});

test('a stranger that knows Call-ID and tags learns 481, and our BYE goes by our own hop', async () => {
  const ground = await ended();
  const { dialog, raw } = await call(ground);
  const { hop, other, clock } = ground;
  hop.script = () => true;
  ground.note('bye', dialog.bye());
  await clock.run(32_500);
  hop.script = () => false;
  const before = hop.requests('BYE').length;
  raw.request('UPDATE', { by: other });
  await clock.run(5);
  assert.is(other.responses('UPDATE').at(-1)?.status, 481);
  assert.is((await ground.take(ground.near.counts())).serverTransactions, 0);
  assert.is(other.requests('BYE').length, 0);
  assert.is(hop.requests('BYE').length, before + 1);
  await ground.rest();
});

test('BYEs that are owed go at most 16 at a time, one for each dialog, when the hop is back', async () => {
  const ground = await ended();
  const calls = [];
  for (let i = 0; i < 40; i++) calls.push(await call(ground));
  await outage(ground);
  for (const { dialog } of calls) await ground.take(dialog.bye());
  assert.is(await owed(ground), 40);
  const hop = await back(ground);
  let open = 0;
  let most = 0;
  hop.script = (request) => {
    if (request.method !== 'BYE') return false;
    most = Math.max(most, ++open);
    ground.clock.wake(ground.clock.nowMs() + 20, () => {
      open--;
      hop.reply(request, 200);
    });
    return true;
  };
  await ground.clock.run(2000);
  assert.is(most, 16);
  assert.is(hop.requests('BYE').length, 40);
  assert.is(new Set(hop.requests('BYE').map(({ header }) => header('Call-ID'))).size, 40);
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('one that waits for its turn and goes early, since its peer was heard, does not go again in its turn', async () => {
  const ground = await ended();
  const calls = [];
  for (let i = 0; i < 20; i++) calls.push(await call(ground));
  await outage(ground);
  for (const { dialog } of calls) await ground.take(dialog.bye());
  const hop = await back(ground);
  hop.script = (request) => request.method === 'BYE';
  await ground.clock.run(600);
  const byes = (callId: string): number =>
    new Set(hop.requests('BYE').flatMap((bye) => (bye.header('Call-ID') === callId ? [bye.cseq] : []))).size;
  const waiting = calls.filter(({ dialog }) => byes(dialog.callId) === 0);
  assert.is(waiting.length, 4);
  for (const { raw } of waiting) raw.request('INFO', { by: hop });
  await ground.clock.run(10);
  const isWaiting = (callId: string): boolean => waiting.some(({ dialog }) => dialog.callId === callId);
  hop.script = (request) => request.method === 'BYE' && isWaiting(request.header('Call-ID'));
  await ground.clock.run(5000);
  assert.is(await owed(ground), 4);
  assert.equal(
    waiting.map(({ dialog }) => byes(dialog.callId)),
    [1, 1, 1, 1],
  );
  hop.script = () => false;
  await ground.rest();
});

test('one is owed for an hour, and its row is then free', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  await outage(ground);
  await ground.take(dialog.bye());
  await ground.clock.run(3_600_000 - 10_000);
  assert.is(await owed(ground), 1);
  await ground.clock.run(20_000);
  assert.is(await owed(ground), 0);
  const hop = await back(ground);
  await ground.clock.run(20_000);
  assert.is(hop.requests('BYE').length, 0);
  await ground.rest();
});

test('owed BYEs take no room from new calls; when there are more than dialogs allowed, the oldest is given up', async () => {
  const ground = await ended({ stack: { limits: { dialogs: 2, transactions: 64 } } });
  const ended2 = async (): Promise<string> => {
    const { dialog } = await call(ground);
    await outage(ground);
    await ground.take(dialog.bye());
    ground.network.kill(hopAddress);
    return dialog.callId;
  };
  const callIds = [await ended2()];
  for (let i = 0; i < 2; i++) {
    // The hop is there for the call, but keeps BYE to itself.
    const hop = await back(ground);
    hop.script = ({ method }) => method === 'BYE';
    hop.recordRoute = [`<${hop.uri};lr>`];
    await ground.clock.run(1000);
    const dialog = await ground.take(ground.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
    await ground.clock.run(5);
    ground.network.kill(hopAddress);
    await ground.clock.run(2000);
    await ground.take(dialog.bye());
    callIds.push(dialog.callId);
  }
  assert.is(await owed(ground), 2);
  const hop = await back(ground);
  await ground.clock.run(60_000);
  const told = new Set(hop.requests('BYE').map(({ header }) => header('Call-ID')));
  assert.equal([...told].sort(), callIds.slice(1).sort());
  await ground.rest();
});

test('close() gives them 32 s, and what the peer has not heard by then it will not', async () => {
  for (const returns of [true, false]) {
    const ground = await ended();
    await call(ground);
    await outage(ground);
    ground.note('close', ground.near.close());
    await ground.clock.run(10_000);
    assert.equal(ground.seen().includes('close done'), false);
    const hop = returns ? await back(ground) : undefined;
    await ground.clock.run(returns ? 1000 : 21_900);
    assert.is(ground.seen().includes('close done'), returns);
    if (hop !== undefined) assert.is(hop.requests('BYE').length, 1);
    await ground.clock.run(200);
    assert.ok(ground.seen().includes('close done'));
    await ground.clock.runUntilIdle();
    assert.is(ground.clock.pending, 0);
  }
});

const asksUs = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

test('Q10: a BYE that is answered 430 Dialog-Route-Set-Update heals once and goes again by the new route', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  const { hop } = ground;
  const seen: string[] = [];
  hop.script = (request) => {
    seen.push(`${request.method} ${request.header('Route')}`);
    if (request.method === 'BYE' && seen.length === 1) hop.reply(request, 430, { headers: asksUs });
    return request.method === 'BYE' && seen.length === 1;
  };
  hop.recordRoute = [`<${hop.uri};lr;new>`];
  await ground.take(dialog.bye());
  assert.equal(seen, [`BYE <${hop.uri};lr>`, 'UPDATE ', `BYE <${hop.uri};lr;new>`]);
  assert.equal(ground.seen(), ['ended local bye'], 'no status event');
  await ground.rest();
});

test('Q10: when that is answered 430 again, or the heal fails, one goes without a Route', async () => {
  for (const fails of ['BYE again', 'heal refused', 'heal unanswered', 'heal 481']) {
    const ground = await ended();
    const { dialog } = await call(ground);
    const { hop } = ground;
    const seen: string[] = [];
    hop.script = (request) => {
      const path = request.header('Route') === '' ? 'route-less' : 'by route';
      if (seen.at(-1) !== `${request.method} ${path}`) seen.push(`${request.method} ${path}`);
      if (request.method === 'BYE' && path === 'by route') hop.reply(request, 430, { headers: asksUs });
      else if (request.method === 'UPDATE' && fails === 'heal refused') hop.reply(request, 503);
      else if (request.method === 'UPDATE' && fails === 'heal unanswered') return true;
      else return false;
      return true;
    };
    if (fails === 'heal 481') {
      const { script } = hop;
      hop.script = (request) => {
        if (request.method === 'BYE') return script(request);
        seen.push('heal');
        hop.reply(request, 481);
        return true;
      };
    }
    ground.note('bye', dialog.bye());
    await ground.clock.run(4100);
    const expected = {
      'BYE again': ['BYE by route', 'UPDATE route-less', 'BYE by route', 'BYE route-less'],
      'heal refused': ['BYE by route', 'UPDATE route-less', 'BYE route-less'],
      'heal unanswered': ['BYE by route', 'UPDATE route-less', 'BYE route-less'],
      'heal 481': ['BYE by route', 'heal', 'heal', 'heal'],
    }[fails];
    assert.equal(seen, expected, fails);
    assert.equal(ground.seen(), ['bye done', 'ended local bye'], fails);
    await ground.rest();
  }
});

test('a heal for the sake of a BYE begins no new dialog in the place of the one that ends', async () => {
  const ground = await ended({ stack: { recovery: { replaces: true } } });
  const { hop } = ground;
  hop.capabilities = [...hop.capabilities, 'Supported: replaces'];
  const { dialog } = await call(ground);
  hop.script = (request) => {
    const isBye = request.method === 'BYE';
    const headers = isBye ? ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] : [];
    hop.reply(request, isBye ? 430 : 481, { headers });
    return true;
  };
  ground.note('bye', dialog.bye());
  await ground.clock.run(100);
  assert.ok(hop.received.every((request) => request.header('Replaces') === ''));
  assert.equal(ground.seen(), ['bye done', 'ended local bye']);
  await ground.rest();
});

test('Q10: 430 Wait-For-Session-Update to a BYE heals nothing: one without a Route, then it is owed', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  const { hop } = ground;
  const seen: string[] = [];
  hop.script = (request) => {
    seen.push(`${request.method}${request.header('Route') === '' ? ' route-less' : ''}`);
    hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Wait-For-Session-Update'] });
    return true;
  };
  await ground.take(dialog.bye());
  assert.equal(seen, ['BYE', 'BYE route-less']);
  assert.is(await owed(ground), 1);
  hop.script = () => false;
  await ground.clock.run(3000);
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('Q10: 430 to CANCEL heals nothing, and an ACK has nobody to answer it', async () => {
  const ground = await ended();
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180, { headers: [`Contact: <${hop.uri}>`] });
    if (request.method === 'CANCEL') {
      hop.reply(request, 430, { headers: asksUs });
      hop.reply(hop.last('INVITE'), 487);
    }
    return true;
  };
  const enough = new AbortController();
  ground.note('call', ground.near.invite(`sip:bob@${host}:5070`, { body: nearOffer, signal: enough.signal }));
  await clock.run(10);
  enough.abort();
  await clock.run(100);
  assert.is(hop.requests('UPDATE').length, 0);
  assert.equal(ground.seen(), ['call failed SIP_ABORTED']);
  await ground.rest();
});

test('with recovery off a BYE that is lost is lost (RFC 3261 §15.1.1)', async () => {
  const ground = await ended({ stack: { recovery: { mode: 'none' } } });
  const { dialog } = await call(ground);
  ground.hop.script = () => true;
  ground.note('bye', dialog.bye());
  await ground.clock.run(32_100);
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('in a call without a hop the BYE goes to the peer’s own address when it is there again', async () => {
  const ground = await ended({ hops: 0 });
  ground.hop.recordRoute = [];
  const { dialog } = await call(ground);
  ground.network.kill(hopAddress);
  ground.note('bye', dialog.bye());
  await ground.clock.run(33_000);
  assert.equal(ground.seen().slice(0, 2), ['bye done', 'ended local bye']);
  const hop = await back(ground);
  await ground.clock.run(130_000);
  assert.is(hop.requests('BYE').length, 1);
  assert.is(await owed(ground), 0);
  await ground.rest();
});

test('bye() whose signal aborts is no longer waited for, and goes its way', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  ground.hop.script = () => true;
  const enough = new AbortController();
  ground.note('bye', dialog.bye({ signal: enough.signal }));
  ground.note('other', dialog.bye());
  await ground.clock.run(100);
  enough.abort();
  await ground.clock.run(1);
  assert.equal(ground.seen(), ['bye failed SIP_ABORTED']);
  ground.hop.reply(ground.hop.last('BYE'), 200);
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['bye failed SIP_ABORTED', 'other done', 'ended local bye']);
  await ground.rest();
});

test('the true end of a dialog that its peer had lost when the route was back is the break; the last sign of it is the lower bound', async () => {
  const ground = await ended();
  const { dialog } = await call(ground);
  await ground.clock.run(10_000);
  await ground.take(dialog.request('INFO'));
  const aliveAtMs = ground.clock.nowMs();
  await ground.clock.run(5000);
  const killedAtMs = ground.clock.nowMs();
  await outage(ground);
  const brokenAtMs = (await ground.take(dialog.routeStatus())).sinceMs;
  await ground.clock.run(300_000);
  const hop = await back(ground);
  hop.script = (request) => {
    hop.reply(request, 481);
    return true;
  };
  await ground.clock.run(1000);
  assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist']);
  const [end] = ground.ends;
  assert.is(end?.atMs, brokenAtMs);
  assert.ok(brokenAtMs >= killedAtMs && brokenAtMs <= killedAtMs + 1500);
  assert.ok(Math.abs((end?.notBeforeMs ?? 0) - aliveAtMs) <= 1);
  assert.ok((end?.notAfterMs ?? 0) > killedAtMs + 300_000);
  await ground.rest();
});

test('a late BYE of the peer ends the dialog when its Date says, no earlier than the last sign of the peer', async () => {
  for (const [agoMs, expectedAgoMs] of [
    [600_000, 600_000],
    [3_600_000, 1_000_000],
    [20_000, 0],
    [-60_000, 0],
  ] as const) {
    const ground = await ended();
    const { raw } = await call(ground);
    const aliveAtMs = ground.clock.nowMs();
    await ground.clock.run(1_000_000 - (ground.clock.nowMs() % 1000));
    const sentAtMs = ground.clock.nowMs();
    raw.request('BYE', { headers: [`Date: ${new Date(epochMs + sentAtMs - agoMs).toUTCString()}`] });
    await ground.clock.run(5);
    assert.equal(ground.seen(), ['ended remote bye']);
    const expected = Math.max(sentAtMs - expectedAgoMs, expectedAgoMs === 1_000_000 ? aliveAtMs - 10 : 0);
    const { atMs = 0, notAfterMs = 0 } = ground.ends[0] ?? {};
    assert.ok(Math.abs(atMs - expected) <= 10, `${agoMs}: ${atMs}, not ${expected}`);
    assert.ok(notAfterMs >= atMs);
    await ground.rest();
  }
});

test('the end is published with its time', async () => {
  const messages: DialogEndedMessage[] = [];
  const hear = (message: unknown): void => void messages.push(message as DialogEndedMessage);
  subscribe('sipmend:dialog-ended', hear);
  const ground = await ended();
  const { dialog } = await call(ground);
  const askedAtMs = ground.clock.nowMs();
  await ground.take(dialog.bye());
  unsubscribe('sipmend:dialog-ended', hear);
  assert.equal(messages[0]?.end, at(askedAtMs));
  await ground.rest();
});

test('between two stacks and an edge: who hung up in the outage is final at once, and the other end learns when it truly ended', async () => {
  const ground = world();
  const { clock, network } = ground;
  const edgeAddress = { host, port: 5070 };
  const openEdge = (): Promise<{ close(): Promise<void> }> =>
    createEdge({ transports: [network.udp(edgeAddress)], clients: [host], clock });
  await openEdge();
  const hops = [`sip:${host}:${edgeAddress.port}`];
  const nearLog: string[] = [];
  const farLog: string[] = [];
  const ends: DialogEnd[] = [];
  const far = await ground.stack('far', 5090, {
    hops,
    recovery: { passive: true },
    application: {
      ...noted(farLog),
      onCall: (each) => void each.answer({ body: farAnswer }),
      onEnded: (_dialog, by, reason, end) => {
        farLog.push(`ended ${by} ${reason}`);
        ends.push(end);
      },
    },
  });
  const near = await ground.stack('near', 5060, { hops, application: noted(nearLog) });
  const dialog = await ground.take(near.invite(`sip:bob@${host}:5090`, { body: nearOffer }));
  await clock.run(60_000);
  network.kill(edgeAddress);
  await clock.run(5000);
  const hungUpAtMs = clock.nowMs();
  await ground.take(dialog.bye());
  assert.equal(nearLog, ['recovering', 'ended local bye']);
  await clock.run(900_000);
  assert.equal(farLog, ['recovering']);
  await openEdge();
  await clock.run(5000);
  assert.equal(farLog, ['recovering', 'ended remote bye']);
  assert.ok(Math.abs((ends[0]?.atMs ?? 0) - hungUpAtMs) <= 1000, 'to the second of its Date');
  assert.is((await ground.take(far.counts())).dialogs, 0);
  await ground.rest();
});

test.run();
