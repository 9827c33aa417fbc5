import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { trafficSince } from '../../bench/route-death/traffic.ts';
import { createEdge, type EdgeHost } from '../../core/create-edge.ts';
import { createStack, type Dialog, type Stack } from '../../core/index.ts';
import { type MemoryNetwork, memoryNetwork, VirtualClock } from '../../transport/index.ts';
import { CountedTransport } from '../counted-transport.ts';
import { countingRandom } from './world.ts';

type Protocol = 'udp' | 'tcp';

const edgeAt = { host: '10.0.0.1', port: 5060 };
const places = { near: { host: '10.0.1.1', port: 5070 }, far: { host: '10.0.2.2', port: 5080 } };
type Place = keyof typeof places;

/** A call from near to far by an edge, each side by a transport of its own. */
interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly edge: EdgeHost;
  readonly stacks: Readonly<Record<Place, Stack>>;
  /** The call, as each side has it. */
  readonly dialogs: Readonly<Record<Place, Dialog>>;
  /** What each stack sends by. */
  readonly transports: Readonly<Record<Place, CountedTransport>>;
  /** Status events and lost destinations, from the call on. */
  readonly log: string[];
  /** How a promise ends, in words. */
  take(promise: Promise<unknown>): Promise<string>;
  /** An INFO of one side, in words. */
  inform(place: Place): Promise<string>;
  close(): Promise<void>;
}

async function world(
  protocols: Readonly<Record<Place, Protocol>>,
  options: { readonly passive?: boolean; readonly refresh?: (edge: EdgeHost) => void } = {},
): Promise<World> {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 1 });
  const log: string[] = [];
  const edge = await createEdge({
    transports: [network.udp(edgeAt), network.tcp(edgeAt)],
    clients: [places.near.host, places.far.host],
    clock,
    random: countingRandom(1),
    onEvent: ({ kind, address }) => log.push(`${kind} ${address.protocol} ${address.host}`),
  });
  const answered: Dialog[] = [];
  const transports = {
    near: new CountedTransport(network[protocols.near](places.near)),
    far: new CountedTransport(network[protocols.far](places.far)),
  };
  const open = (place: Place): Promise<Stack> => {
    const { refresh } = options;
    const protocol = protocols[place];
    return createStack({
      transports: [transports[place]],
      hops: [`sip:${edgeAt.host}:${edgeAt.port}${protocol === 'tcp' ? ';transport=tcp' : ''}`],
      recovery: { passive: options.passive === true && place === 'near' },
      clock,
      random: countingRandom(places[place].port),
      limits: { dialogs: 64, transactions: 1024 },
      application: {
        onCall: (call) => void call.answer({ body: 'v=0\r\n' }).then((dialog) => answered.push(dialog)),
        onRouteStatus: (_dialog, { status }) => log.push(`${place}: ${status}`),
        ...(refresh !== undefined && {
          refreshRegistration: async () => {
            refresh(edge);
            return undefined;
          },
        }),
      },
    });
  };
  const stacks = { near: await open('near'), far: await open('far') };
  const take = async (promise: Promise<unknown>): Promise<string> => {
    let ending = 'pending';
    promise.then(
      (value) => {
        ending = typeof value === 'object' && value !== null && 'status' in value ? String(value.status) : 'done';
      },
      (error: unknown) => {
        ending = error instanceof Error ? error.message : String(error);
      },
    );
    await clock.run(300);
    return ending;
  };
  const transport = protocols.far === 'tcp' ? ';transport=tcp' : '';
  const inviting = stacks.near.invite(`sip:bob@${places.far.host}:${places.far.port}${transport}`, { body: 'v=0\r\n' });
  await take(inviting);
  const near = await inviting;
  const [far] = answered;
  if (far === undefined) throw new Error('not answered');
  await clock.run(33_000); // the ACK is no longer young enough to be sent again
  log.length = 0;
  const dialogs = { near, far };
  return {
    clock,
    network,
    edge,
    stacks,
    dialogs,
    transports,
    log,
    take,
    inform: (place) => take(dialogs[place].request('INFO', { contentType: 'text/plain', body: 'hello' })),
    close: async () => {
      await Promise.all([stacks.near.destroy(), stacks.far.destroy(), edge.close()]);
    },
  };
}

/** An INFO each way, and no word of a break. */
async function works({ inform }: World): Promise<void> {
  assert.is(await inform('near'), '200');
  assert.is(await inform('far'), '200');
}

const pairs: readonly Readonly<Record<Place, Protocol>>[] = [
  { near: 'udp', far: 'udp' },
  { near: 'tcp', far: 'tcp' },
  { near: 'tcp', far: 'udp' },
  { near: 'udp', far: 'tcp' },
];

for (const protocols of pairs) {
  const names = `${protocols.near} to ${protocols.far}`;
  const test = suite(`Stacks and an edge, ${names}`);

  test('a call, requests each way, and BYE', async () => {
    const at = await world(protocols);
    await works(at);
    assert.is(await at.take(at.dialogs.near.bye()), 'done');
    assert.equal(at.log, []);
    const { droppedAcks, droppedResponses, shed, returned } = at.edge.counters;
    assert.equal([droppedAcks, droppedResponses, shed, returned], [0, 0, 0, 0]);
    await at.close();
  });

  for (const place of ['near', 'far'] as const) {
    test(`figure 1, from ${place}: memory that is lost costs one heal, and nobody hears of it`, async () => {
      const at = await world(protocols);
      at.edge.loseMemory();
      assert.is(await at.inform(place), '200');
      assert.is(at.edge.counters.askedDialogUpdate, 1);
      await works(at);
      assert.is(at.edge.counters.askedDialogUpdate, 1);
      assert.equal(at.log, []);
      await at.close();
    });
  }

  test('figure 2b: a flow of the far end’s that is lost is its to heal, where we are passive', async () => {
    const at = await world(protocols, { passive: true });
    at.edge.loseFlow(places.far.host);
    assert.match(await at.inform('near'), '430');
    assert.is(at.edge.counters.askedToWait, 1);
    await at.clock.run(5000);
    assert.ok(at.log.includes('near: recovering') && !at.log.includes('near: healthy'), at.log.join());
    assert.is(await at.take(at.dialogs.far.heal()), 'healthy');
    assert.is(at.log.filter((line) => line === 'near: healthy').length, 1);
    await works(at);
    await at.close();
  });

  test('a registration that is lost is refreshed first, then the dialogs are healed', async () => {
    const at = await world(protocols, { refresh: (edge) => edge.restoreRegistration(places.near.host) });
    at.edge.loseRegistration(places.near.host);
    assert.match(await at.inform('near'), '430');
    assert.is(at.edge.counters.askedRegistrationUpdate, 1);
    await at.clock.run(1000);
    assert.equal(at.log, ['near: recovering', 'near: healthy']);
    await works(at);
    await at.close();
  });

  test('a connection that breaks is noticed by who has it, and both sides work again', async () => {
    const at = await world(protocols);
    at.network.reset(edgeAt, places.near);
    at.network.reset(edgeAt, places.far);
    await at.clock.run(3000);
    await works(at);
    for (const place of ['near', 'far'] as const) {
      const last = at.log.filter((line) => line.startsWith(place)).at(-1);
      assert.is(last ?? `${place}: healthy`, `${place}: healthy`);
      if (protocols[place] === 'tcp') assert.ok(at.log.includes(`${place}: recovering`), place);
    }
    await at.close();
  });

  test('an edge that dies and comes back empty costs both a heal', async () => {
    const at = await world(protocols);
    at.network.kill(edgeAt);
    await at.edge.close();
    await at.clock.run(3000);
    for (const place of ['near', 'far']) assert.ok(at.log.includes(`${place}: recovering`), place);
    const traffic = () => [at.transports.near.traffic, at.transports.far.traffic];
    const before = traffic();
    await at.clock.run(60_000);
    const { messages, connects } = trafficSince(before, traffic());
    assert.ok(messages + connects <= 60 * 2 * 3, `${messages} messages and ${connects} connects in a minute of outage`);
    const edge = await createEdge({
      transports: [at.network.udp(edgeAt), at.network.tcp(edgeAt)],
      clients: [places.near.host, places.far.host],
      clock: at.clock,
      random: countingRandom(2),
    });
    await at.clock.run(5000);
    for (const place of ['near', 'far'])
      assert.is(at.log.filter((line) => line.startsWith(place)).at(-1), `${place}: healthy`);
    await works(at);
    await edge.close();
    await at.close();
  });

  test.run();
}
