import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge, type EdgeHost } from '../../core/create-edge.ts';
import { createStack, type Dialog, type Stack } from '../../core/index.ts';
import { memoryNetwork, VirtualClock } from '../../transport/index.ts';
import { SeededRandom } from '../../transport/random.ts';
import { countingRandom } from './world.ts';

const test = suite('Two edges that lose things, between two stacks');

const edgesAt = [
  { host: '10.0.0.1', port: 5060 },
  { host: '10.0.0.2', port: 5060 },
] as const;
const places = { near: { host: '10.0.1.1', port: 5070 }, far: { host: '10.0.2.2', port: 5080 } } as const;
type Place = keyof typeof places;
const hosts = [places.near.host, places.far.host];

const dialogCount = 12;
const troubles = 40;

/** Many troubles one after the other, then calm: every dialog works again, in each direction, and is known to. */
async function live(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.fraction() * of.length)] as T;
  const protocols = { near: pick(['udp', 'tcp'] as const), far: pick(['udp', 'tcp'] as const) };
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed, delayMs: 1, jitterMs: 3, cutting: 0.2 });
  let keys = seed;
  const openEdge = (at: (typeof edgesAt)[number]): Promise<EdgeHost> =>
    createEdge({
      transports: [network.udp(at), network.tcp(at)],
      clients: hosts,
      clock,
      random: countingRandom(++keys),
    });
  const edges = [await openEdge(edgesAt[0]), await openEdge(edgesAt[1])];
  const ended: string[] = [];
  const lost = new Set<string>();
  const openStack = (place: Place): Promise<Stack> =>
    createStack({
      transports: [network[protocols[place]](places[place])],
      hops: edgesAt.map(({ host, port }) => `sip:${host}:${port}${protocols[place] === 'tcp' ? ';transport=tcp' : ''}`),
      clock,
      random: countingRandom(seed + places[place].port),
      limits: { dialogs: 64, transactions: 4096 },
      application: {
        onCall: (call) =>
          void call.answer({ body: 'v=0\r\n' }).then(
            (dialog) => answered.push(dialog),
            () => undefined,
          ),
        onEnded: (dialog, by, reason) => void ended.push(`${place} ${dialog.callId} ${by} ${reason}`),
        refreshRegistration: async () => {
          for (const edge of edges) edge.restoreRegistration(places[place].host);
          lost.delete(places[place].host);
          return undefined;
        },
      },
    });
  const answered: Dialog[] = [];
  const stacks = { near: await openStack('near'), far: await openStack('far') };
  const transport = protocols.far === 'tcp' ? ';transport=tcp' : '';
  const calls = Array.from({ length: dialogCount }, () =>
    stacks.near.invite(`sip:bob@${places.far.host}:${places.far.port}${transport}`, { body: 'v=0\r\n' }),
  );
  await clock.run(20_000);
  const dialogs = [...(await Promise.all(calls)), ...answered];
  assert.is(dialogs.length, 2 * dialogCount);

  const log: string[] = [];
  network.change({ loss: pick([0, 0.02]) });
  for (let count = 0; count < troubles; count++) {
    log.push(await makeTrouble());
    for (const dialog of dialogs) if (random.fraction() < 0.1) dialog.request('INFO').catch(() => undefined);
    await clock.run(random.fraction() * 3000);
  }
  for (const edge of edges) for (const host of hosts) edge.restoreRegistration(host);
  network.change({ loss: 0 });
  // What was lost last, and nobody has met yet, is found out by a request.
  for (const dialog of dialogs) dialog.request('INFO').catch(() => undefined);
  await clock.run(180_000);
  const said = `seed ${seed}, ${protocols.near} to ${protocols.far}: ${log.join(', ')}`;
  assert.equal(ended, [], said);
  for (const dialog of dialogs) assert.is((await take(dialog.routeStatus())).status, 'healthy', said);
  for (const dialog of dialogs) assert.is((await take(dialog.request('INFO'))).status, 200, said);
  await Promise.all([stacks.near.destroy(), stacks.far.destroy(), ...edges.map((edge) => edge.close())]);

  async function take<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await clock.run(5000);
    if (!settled) throw new Error(`nothing came of it; ${said}`);
    return promise;
  }

  async function makeTrouble(): Promise<string> {
    const index = pick([0, 1] as const);
    const at = edgesAt[index];
    const host = pick(hosts);
    const edge = edges[index] as EdgeHost;
    const place = pick([places.near, places.far]);
    const kind = pick(['memory', 'flow', 'registration', 'reset', 'death', 'partition'] as const);
    switch (kind) {
      case 'memory':
        edge.loseMemory();
        break;
      case 'flow':
        edge.loseFlow(host);
        break;
      case 'registration':
        edge.loseRegistration(host);
        break;
      case 'reset':
        network.reset(at, place);
        break;
      case 'death':
        network.kill(at);
        await edge.close();
        await clock.run(random.fraction() * 4000);
        edges[index] = await openEdge(at);
        break;
      case 'partition':
        network.partition(at, place);
        await clock.run(random.fraction() * 4000);
        network.heal(at, place);
        break;
    }
    return `${kind} ${index}`;
  }
}

for (let seed = 1; seed <= 8; seed++) test(`all dialogs outlive it (seed ${seed})`, () => live(seed));

test.run();
