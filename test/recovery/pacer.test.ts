import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import { type HealEnd, Pacer } from '../../core/recovery/pacer.ts';
import { type Bed, bed, nearPort } from '../engine/bed.ts';
import { RawPeer, type Sip } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';
import { ended, established, healsAt, recovering } from './crowd.ts';
import { hopAt, table, weighed } from './hop-ground.ts';

const test = suite('The pacer: how many heals at a time (brief rule 13)');

const limits = { dialogs: 1000, transactions: 8000 };

/** Many dialogs whose hop is not reached; `back` lets it be reached again. */
async function broken(count: number, options: Parameters<typeof bed>[0] = {}): Promise<Bed & { back(): void }> {
  const made = await bed({ hops: 1, ...options, stack: { limits, ...options.stack } });
  for (let left = count; left > 0; left -= 100) await established(made, Math.min(left, 100));
  const ends = [5070, 5080].map(
    (port) =>
      [
        { host, port: nearPort },
        { host, port },
      ] as const,
  );
  for (const [near, far] of ends) made.network.partition(near, far);
  await made.clock.run(5000);
  assert.is(await recovering(made), count);
  for (const peer of [made.hop, made.other]) peer.received.length = 0;
  const back = (): void => {
    for (const [near, far] of ends) made.network.heal(near, far);
  };
  return { ...made, back };
}

/** Counts the heals that come to a peer in each of so many seconds from the first one on. */
async function heals(made: Bed, peer: RawPeer, seconds: number): Promise<number[]> {
  while (healsAt(peer) === 0) await made.clock.run(1);
  const counts: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await made.clock.run(second === 0 ? 990 : 1000);
    counts.push(healsAt(peer));
    peer.received.length = 0;
  }
  return counts;
}

function refuse(peer: RawPeer, headers: readonly string[] = []): (request: Sip) => boolean {
  return (request) => {
    if (request.method !== 'UPDATE') return false;
    peer.reply(request, 503, { headers });
    return true;
  };
}

test('a hop that answers 503 is sent half as many heals each second, down to 4, however fast it refuses', async () => {
  const made = await broken(400);
  made.hop.script = refuse(made.hop);
  made.back();
  assert.equal(await heals(made, made.hop, 8), [64, 32, 16, 8, 4, 4, 4, 4]);
  made.hop.script = () => false;
  await made.clock.run(1500);
  assert.ok((await recovering(made)) < 160, 'as soon as it takes them it is sent many again');
  await made.clock.run(20_000);
  assert.is(await recovering(made), 0);
  await ended(made);
});

test('one that answers 503 with Retry-After is sent nothing until then, then half a window', async () => {
  const made = await broken(400);
  made.hop.script = refuse(made.hop, ['Retry-After: 10']);
  made.back();
  assert.equal(await heals(made, made.hop, 10), [64, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  await made.clock.run(500);
  assert.is(healsAt(made.hop), 32);
  made.hop.script = () => false;
  await made.clock.run(30_000);
  assert.is(await recovering(made), 0);
  await ended(made);
});

test('Retry-After with another failure of a server counts, and a peer’s short wait does not', async () => {
  for (const [status, retryAfter, expected] of [
    [500, 60, [64, 32, 16]],
    [504, 1, [64, 32, 16]],
  ] as const) {
    const made = await broken(300);
    made.hop.script = (request) => {
      if (request.method !== 'UPDATE') return false;
      made.hop.reply(request, status, { headers: [`Retry-After: ${retryAfter}`] });
      return true;
    };
    made.back();
    assert.equal(await heals(made, made.hop, 3), [...expected], `${status}`);
    made.hop.script = () => false;
    await made.clock.run(200_000);
    await ended(made);
  }
  const made = await broken(300);
  made.hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    made.hop.reply(request, 500, { headers: ['Retry-After: 5'] });
    return true;
  };
  made.back();
  assert.is((await heals(made, made.hop, 1))[0], 300, 'each of them asks for its own patience');
  made.hop.script = () => false;
  await made.clock.run(200_000);
  await ended(made);
});

test('a heal that has been heard of, and takes its time, makes room for others and says nothing of the hop', async () => {
  const made = await broken(300);
  made.hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    made.hop.reply(request, 100);
    return true;
  };
  made.back();
  while (healsAt(made.hop) === 0) await made.clock.run(1);
  await made.clock.run(3400);
  assert.is(healsAt(made.hop), 64);
  await made.clock.run(200);
  assert.is(healsAt(made.hop), 128);
  made.hop.script = () => false;
  await made.clock.run(200_000);
  assert.is(await recovering(made), 0);
  await ended(made);
});

test('a far end that is dead behind a hop that lives holds up nobody’s heal', async () => {
  const made = await broken(300);
  const dead = new Set<string>();
  made.hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    const callId = request.header('Call-ID');
    if (dead.size < 100) dead.add(callId);
    return dead.has(callId);
  };
  made.back();
  await made.clock.run(10_000);
  assert.ok((await recovering(made)) <= 110, `${await recovering(made)}`);
  made.hop.script = () => false;
  await made.clock.run(200_000);
  await ended(made);
});

/** Dialogs of a hop that dies while two others live. */
async function storm(count: number, weights: readonly [number, number]): Promise<Bed & { break(): void }> {
  const made = await bed({ hops: 0, stack: { limits } });
  const first = await RawPeer.open(made, 'first', 5090);
  first.recordRoute = [`<${first.uri};lr>`];
  const [one, two] = weights;
  made.near.setHops([first.uri]);
  await established(made, count, 5090);
  made.near.setHops([first.uri, { uri: made.hop.uri, weight: one }, { uri: made.other.uri, weight: two }]);
  await made.clock.run(100);
  return { ...made, break: () => made.network.kill({ host, port: 5090 }) };
}

test('a storm spreads over the live hops by their weights, though it fills all windows', async () => {
  for (const [weights, expected] of [
    [
      [3, 1],
      [450, 150],
    ],
    [
      [1, 1],
      [300, 300],
    ],
    [
      [1000, 1],
      [599, 1],
    ],
  ] as const) {
    const made = await storm(600, weights);
    made.break();
    await made.clock.run(5000);
    assert.is(await recovering(made), 0);
    const [one, two] = [healsAt(made.hop), healsAt(made.other)];
    assert.is(one + two, 600);
    assert.ok(Math.abs(one - expected[0]) <= 30, `${weights}: ${one} and ${two}`);
    await ended(made);
  }
});

test('while one of them refuses, the other takes what it cannot, and when it does no more it has its share again', async () => {
  const made = await storm(600, [1, 1]);
  let refusals = 100;
  made.hop.script = (request) => {
    if (request.method !== 'UPDATE' || refusals === 0) return false;
    refusals--;
    made.hop.reply(request, 503);
    return true;
  };
  made.break();
  await made.clock.run(1000);
  assert.ok(healsAt(made.other) > 400, `${healsAt(made.other)} by the other`);
  assert.ok(healsAt(made.hop) < 110, `${healsAt(made.hop)} by the one that refuses`);
  await made.clock.run(60_000);
  assert.is(await recovering(made), 0);
  await ended(made);
});

test('a new call waits for no heal: it goes at once while windows are full, places cool, and as many as there are get through', async () => {
  const made = await broken(400);
  const { hop, clock, near, take } = made;
  hop.script = ({ method }) => method === 'UPDATE';
  made.back();
  while (healsAt(hop) === 0) await clock.run(1);
  const calls = Array.from({ length: 200 }, () => near.invite(hop.uri.replace('sip:', 'sip:bob@')));
  await clock.run(10);
  assert.is(hop.requests('INVITE').length, 200);
  const dialogs = await take(Promise.all(calls));
  hop.script = refuse(hop);
  await clock.run(8000);
  const [dialog] = dialogs;
  const info = dialog?.request('INFO');
  const late = near.invite(hop.uri.replace('sip:', 'sip:bob@'));
  await clock.run(10);
  assert.is((await info)?.status, 200);
  assert.is(hop.requests('INVITE').length, 201);
  await late;
  hop.script = () => false;
  await clock.run(60_000);
  assert.is(await recovering(made), 0);
  await ended(made);
});

for (const routeSet of ['ms-sipre', 'rfc3261'] as const) {
  test(`heals leave half of the client transactions to calls, and all are healed all the same (${routeSet})`, async () => {
    const made = await broken(300, {
      hops: 2,
      stack: { limits: { dialogs: 400, transactions: 220 }, recovery: { routeSet } },
    });
    const { hop, other, clock, near } = made;
    for (const peer of [hop, other]) peer.script = ({ method }) => method === 'UPDATE';
    made.back();
    await clock.run(2000);
    assert.is(healsAt(hop) + healsAt(other), 110);
    const call = near.invite(hop.uri.replace('sip:', 'sip:bob@'));
    await clock.run(10);
    await call;
    await clock.run(5000);
    assert.is(healsAt(hop) + healsAt(other), 110, 'the late ones count');
    for (const peer of [hop, other]) peer.script = () => false;
    await clock.run(200_000);
    assert.is(await recovering(made), 0);
    await ended(made);
  });
}

test('the window of a hop is shared by so many, each has its part and one place at least', () => {
  for (const [share, whole, unheard] of [
    [1, 64, 4],
    [2, 32, 2],
    [3, 21, 1],
    [100, 1, 1],
  ] as const) {
    const { hops, wheel, openAll } = table();
    hops.list(weighed(1));
    openAll();
    const hop = hopAt(hops, 1);
    const pacer = new Pacer({ hops, wheel, share, roomMade: () => undefined });
    assert.is(pacer.room(hop), unheard);
    hops.heard(1 as FlowId);
    assert.is(pacer.room(hop), whole);
  }
});

test('a hop has room for 64 heals, and for 4 while nothing was heard from it for 1.5 s', () => {
  const { hops, wheel, openAll, run } = table();
  hops.list(weighed(1));
  openAll();
  const hop = hopAt(hops, 1);
  const pacer = new Pacer({ hops, wheel, roomMade: () => undefined });
  assert.is(pacer.room(hop), 4);
  hops.heard(1 as FlowId);
  for (let heal = 0; heal < 10; heal++) pacer.begin(hop);
  assert.is(pacer.room(hop), 54);
  run(1500);
  assert.is(pacer.room(hop), 54);
  run(1);
  assert.is(pacer.room(hop), -6);
  assert.is(pacer.pick(hop), undefined);
  assert.is(hops.pick(hop), hop);
});

test('places of refused heals are free a second after the first of them, once and for all, and a hop that is let go of leaves no timer', () => {
  const { hops, wheel, openAll, run } = table();
  hops.list(weighed(1));
  openAll();
  const hop = hopAt(hops, 1);
  let told = 0;
  const pacer = new Pacer({ hops, wheel, roomMade: () => told++ });
  hops.heard(1 as FlowId);
  const end = (how: HealEnd): void => {
    pacer.begin(hop);
    pacer.end(hop, how, false);
  };
  end('refused');
  run(500);
  hops.heard(1 as FlowId);
  end('refused');
  assert.is(pacer.room(hop), 16 - 2);
  run(500);
  assert.equal([told, pacer.room(hop)], [1, 16]);
  run(2000);
  assert.is(told, 1);
  hops.heard(1 as FlowId);
  end('refused');
  hops.list([]);
  assert.is(hops.listed.length, 0);
  run(1000);
  assert.is(wheel.count, 0);
});

test.run();
