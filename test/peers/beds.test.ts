import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needs } from '../skip.ts';
import { type Kamailio, type KamailioOptions, startKamailio } from './kamailio.ts';
import { freePorts } from './ports.ts';
import { headerValues, RawAgent } from './raw-agent.ts';
import { type Sipp, type SippOptions, type SippResult, startSipp, type TracedMessage } from './sipp.ts';

const test = suite('Beds of real peers, without sipmend');
const peerTest = needs(test, 'sipp', 'kamailio');

peerTest('SIPp calls SIPp through one edge and heals through another, 100 calls at once', async () => {
  const { callerPort, farPort, first, second } = await freePorts('callerPort', 'farPort', 'first', 'second');
  await using bed = new Bed();
  await Promise.all([
    bed.kamailio({ config: 'edge', port: first, uas: address(farPort) }),
    bed.kamailio({ config: 'edge', port: second }),
  ]);
  const far = await bed.sipp({ scenario: 'far-end', port: farPort, calls: 100 });
  const caller = await bed.sipp({
    scenario: 'caller',
    port: callerPort,
    calls: 100,
    rate: 1000,
    remote: address(first),
    set: { hop: address(second), echo: '1', wait: '1' },
  });
  for (const { code, successful, failed, errors } of [await bed.end(caller), await bed.end(far)]) {
    assert.equal({ code, successful, failed }, { code: 0, successful: 100, failed: 0 }, errors);
  }
});

peerTest('both ends keep the order of a route set, and adopt the one that a heal brings', async () => {
  const { callerPort, farPort, outer, inner, hop } = await freePorts('callerPort', 'farPort', 'outer', 'inner', 'hop');
  await using bed = new Bed();
  await Promise.all([
    bed.kamailio({ config: 'edge', port: outer, uas: address(inner) }),
    bed.kamailio({ config: 'edge', port: inner, uas: address(farPort) }),
    bed.kamailio({ config: 'edge', port: hop }),
  ]);
  const far = await bed.sipp({ scenario: 'far-end', port: farPort, calls: 1, trace: true });
  const caller = await bed.sipp({
    scenario: 'caller',
    port: callerPort,
    calls: 1,
    trace: true,
    remote: address(outer),
    set: { hop: address(hop), echo: '1', wait: '1' },
  });
  const [calling, called] = [await bed.end(caller), await bed.end(far)];
  assert.equal([calling.code, called.code], [0, 0], calling.errors + called.errors);
  assert.equal(routesOf(calling, ['ACK', 'INFO', 'UPDATE', 'BYE']), [
    ['ACK', [outer, inner]],
    ['INFO', [outer, inner]],
    ['UPDATE', []],
    ['INFO', [hop]],
    ['BYE', [hop]],
  ]);
  const ownInfos = routesOf(called, ['INFO']);
  assert.equal(ownInfos.at(0), ['INFO', [inner, outer]]);
  assert.equal(ownInfos.at(-1), ['INFO', [hop]]);
});

peerTest('a call whose edge is killed goes on through another: UPDATE without Route, INFO each way, BYE', async () => {
  const { farPort, first, second } = await freePorts('farPort', 'first', 'second');
  await using bed = new Bed();
  const [dying] = await Promise.all([
    bed.kamailio({ config: 'edge', port: first, uas: address(farPort) }),
    bed.kamailio({ config: 'edge', port: second }),
  ]);
  const far = await bed.sipp({ scenario: 'far-end', port: farPort, calls: 1, trace: true });
  const agent = await bed.agent();
  const target = await setUp(agent, first, bed.signal);
  await dying.kill();

  const update = agent.send('UPDATE', target, second, ['Supported: ms-dialog-route-set-update']);
  const healed = await agent.response(update, bed.signal);
  assert.match(healed, /^SIP\/2\.0 200 /);
  assert.equal(headerValues(healed, 'Record-Route'), [`<sip:${address(second)};lr>`]);
  assert.equal(headerValues(healed, 'Supported'), ['ms-dialog-route-set-update']);

  const route = [`Route: ${headerValues(healed, 'Record-Route').reverse().join(', ')}`];
  const info = agent.send('INFO', target, second, route);
  assert.match(await agent.response(info, bed.signal), /^SIP\/2\.0 200 /);
  const farInfo = await agent.request('INFO', bed.signal);
  assert.match(headerValues(farInfo, 'Via')[0] ?? '', address(second));
  agent.accept(farInfo);
  const bye = agent.send('BYE', target, second, route);
  assert.match(await agent.response(bye, bed.signal), /^SIP\/2\.0 200 /);

  const { code, errors } = await bed.end(far);
  assert.equal({ code, errors }, { code: 0, errors: '' });
});

peerTest(
  'the stock proxy answers 404 to an UPDATE without Route, and does not record itself in one that names it',
  async () => {
    const { farPort, first, second } = await freePorts('farPort', 'first', 'second');
    await using bed = new Bed();
    const [dying] = await Promise.all([
      bed.kamailio({ config: 'stock', port: first, uas: address(farPort) }),
      bed.kamailio({ config: 'stock', port: second }),
    ]);
    const far = await bed.sipp({ scenario: 'far-end', port: farPort, calls: 1, set: { quiet: '1' } });
    const agent = await bed.agent();
    const target = await setUp(agent, first, bed.signal);
    await dying.kill();

    const routeless = agent.send('UPDATE', target, second);
    assert.match(await agent.response(routeless, bed.signal), /^SIP\/2\.0 404 Not here\r\n/);
    const route = [`Route: <sip:${address(second)};lr>`];
    const healed = await agent.response(agent.send('UPDATE', target, second, route), bed.signal);
    assert.match(healed, /^SIP\/2\.0 200 /);
    assert.equal(headerValues(healed, 'Record-Route'), []);
    for (const method of ['INFO', 'BYE']) {
      assert.match(await agent.response(agent.send(method, target, second, route), bed.signal), /^SIP\/2\.0 200 /);
    }
    assert.is((await bed.end(far)).code, 0);
  },
);

peerTest(
  'an edge that was started anew refuses the routes of its past: 430, or 481 without the option tag',
  async () => {
    const { farPort, port } = await freePorts('farPort', 'port');
    await using bed = new Bed();
    const before = await bed.kamailio({ config: 'edge', port, uas: address(farPort), routeState: 'A' });
    const far = await bed.sipp({ scenario: 'far-end', port: farPort, calls: 1, set: { quiet: '1' } });
    const agent = await bed.agent();
    const target = await setUp(agent, port, bed.signal);
    await before.kill();
    await bed.kamailio({ config: 'edge', port, uas: address(farPort), routeState: 'B' });

    const stale = `Route: <sip:${address(port)};lr;state=A>`;
    const supported = 'Supported: ms-dialog-route-set-update';
    const refused = await agent.response(agent.send('INFO', target, port, [stale, supported]), bed.signal);
    assert.match(refused, /^SIP\/2\.0 430 Flow Failed\r\n/);
    assert.equal(headerValues(refused, 'P-Dialog-Recovery-Action'), ['Dialog-Route-Set-Update']);
    assert.match(await agent.response(agent.send('INFO', target, port, [stale]), bed.signal), /^SIP\/2\.0 481 /);

    const healed = await agent.response(agent.send('UPDATE', target, port, [supported]), bed.signal);
    const [fresh] = headerValues(healed, 'Record-Route');
    assert.is(fresh, `<sip:${address(port)};lr;state=B>`);
    const bye = agent.send('BYE', target, port, [`Route: ${fresh}`, supported]);
    assert.match(await agent.response(bye, bed.signal), /^SIP\/2\.0 200 /);
    assert.is((await bed.end(far)).code, 0);
  },
);

test.run();

/** What one test has started; all of it goes with the test. */
class Bed {
  readonly signal: AbortSignal = AbortSignal.timeout(10_000);
  readonly #stops: (() => unknown)[] = [];

  async kamailio(options: KamailioOptions): Promise<Kamailio> {
    const kamailio = await startKamailio(options);
    this.#stops.push(() => kamailio.kill());
    return kamailio;
  }

  async sipp(options: SippOptions): Promise<Sipp> {
    const sipp = await startSipp(options);
    this.#stops.push(() => sipp.stop());
    return sipp;
  }

  async agent(): Promise<RawAgent> {
    const agent = await RawAgent.open();
    this.#stops.push(() => agent.close());
    return agent;
  }

  /** Its result once it has ended by itself; what it says about itself when it has not in time. */
  end(sipp: Sipp): Promise<SippResult> {
    const stop = (): void => void sipp.stop();
    this.signal.addEventListener('abort', stop, { once: true });
    return sipp.exited.finally(() => this.signal.removeEventListener('abort', stop));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }
}

/** INVITE by way of a proxy, and the ACK; gives the far end's Contact. */
async function setUp(agent: RawAgent, proxy: number, signal: AbortSignal): Promise<string> {
  const invite = agent.send('INVITE', `sip:far@${address(proxy)}`, proxy);
  const answer = await agent.response(invite, signal);
  const [target = ''] = headerValues(answer, 'Contact').map((contact) => contact.slice(1, -1));
  agent.send('ACK', target, proxy, [`Route: ${headerValues(answer, 'Record-Route').reverse().join(', ')}`]);
  return target;
}

/** The ports in the route sets of the requests that were sent. */
function routesOf({ messages }: SippResult, methods: readonly string[]): [method: string, ports: number[]][] {
  const isOurs = ({ direction, text }: TracedMessage): boolean =>
    direction === 'sent' && methods.some((name) => text.startsWith(`${name} `));
  return messages.filter(isOurs).map(({ text }) => {
    const routes = headerValues(text, 'Route').map((route) => /^<sip:127\.0\.0\.1:(\d+);lr>$/.exec(route));
    return [text.slice(0, text.indexOf(' ')), routes.map((route) => Number(route?.[1]))];
  });
}

function address(port: number): string {
  return `127.0.0.1:${port}`;
}
