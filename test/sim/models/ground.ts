import * as assert from 'uvu/assert';
import {
  type Datagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
  type Protocol,
  VirtualClock,
} from '../../../transport/index.ts';
import type { StrictEndpointOptions } from './agent.ts';
import { parse } from './message.ts';
import { PlainProxy, type PlainProxyOptions } from './plain-proxy.ts';
import { StrictEndpoint } from './strict-endpoint.ts';

export const host = '10.0.0.1';

interface EndpointWishes extends Partial<StrictEndpointOptions> {
  readonly protocol?: Protocol;
  /** It follows its moods; others are calm from the start. */
  readonly isMoody?: boolean;
}

export type ProxyWishes = Partial<PlainProxyOptions>;

/** Models on one network in memory, with a ladder of what they say. */
export class Ground {
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly protocol: Protocol;
  /** `near > far INVITE`, `far > near 200 INVITE`, and what users hear: `far executed 7`. */
  readonly log: string[] = [];
  readonly #names = new Map<number, string>();
  readonly #endpoints: StrictEndpoint[] = [];
  readonly #proxies = new Map<number, PlainProxy>();

  /** `tap` sees every message, whatever its fate. */
  constructor(
    protocol: Protocol = 'udp',
    conditions: Partial<MemoryNetworkOptions> = {},
    tap: (datagram: Datagram) => void = () => undefined,
  ) {
    this.protocol = protocol;
    const { clock } = this;
    const onDatagram = (datagram: Datagram): void => {
      this.#note(datagram);
      tap(datagram);
    };
    this.network = memoryNetwork({ delayMs: 1, seed: 1, ...conditions, clock, onDatagram });
  }

  /** A URI at which `port` is called. */
  target(port: number, protocol: Protocol = this.protocol): string {
    return `sip:model@${host}:${port}${protocol === 'tcp' ? ';transport=tcp' : ''}`;
  }

  async endpoint(name: string, port: number, options: EndpointWishes = {}): Promise<StrictEndpoint> {
    const { protocol = this.protocol, isMoody = false, ...rest } = options;
    this.#names.set(port, name);
    const endpoint = new StrictEndpoint({
      transport: this.network[protocol]({ host, port }),
      clock: this.clock,
      seed: port,
      habits: [],
      sessionIntervalS: 0,
      outbound: [],
      user: {
        onExecuted: (info) => void this.log.push(`${name} executed ${info}`),
        onEstablished: () => void this.log.push(`${name} established`),
        onEnded: (_dialog, by, reason) => void this.log.push(`${name} ended ${by} ${reason}`),
      },
      ...rest,
    });
    await endpoint.start();
    if (!isMoody) endpoint.calmDown();
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  async proxy(name: string, port: number, options: ProxyWishes = {}): Promise<PlainProxy> {
    this.#names.set(port, name);
    const address = { host, port };
    const proxy = new PlainProxy({
      address,
      transports: [this.network.udp(address), this.network.tcp(address)],
      clock: this.clock,
      seed: port,
      recordsRefreshes: false,
      routeless: 'forward',
      ...options,
    });
    await proxy.start();
    this.#proxies.set(port, proxy);
    return proxy;
  }

  /** Kills a proxy. */
  async stopProxy(port: number): Promise<void> {
    await this.#proxies.get(port)?.stop();
    this.#proxies.delete(port);
  }

  name(port: number, name: string): void {
    this.#names.set(port, name);
  }

  /** Passes time until the promise has settled. */
  async take<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.clock.run(0);
    for (let ms = 0; !isSettled && ms < 200_000; ms += 10) await this.clock.run(10);
    assert.ok(isSettled, `nothing became of it:\n${this.log.join('\n')}`);
    return promise;
  }

  /** What has been said and heard since the last time. */
  said(): string[] {
    return this.log.splice(0);
  }

  /** Lets all come to its end and sees that nobody holds anything. */
  async rest(): Promise<void> {
    await this.clock.runUntilIdle({ maxMs: 3_600_000 });
    for (const model of [...this.#endpoints, ...this.#proxies.values()]) {
      const left = Object.entries(model.counts).filter(([, count]) => count !== 0);
      assert.equal(left, [], `left at rest:\n${this.log.join('\n')}`);
      await model.stop();
    }
    await this.clock.runUntilIdle();
  }

  #note({ from, to, bytes, fate }: Datagram): void {
    const message = parse(bytes);
    const what = message === undefined ? 'no SIP' : `${message.status || ''} ${message.method}`.trim();
    const fateText = fate === 'delivered' ? '' : ` ${fate}`;
    this.log.push(`${this.#nameOf(from.port)} > ${this.#nameOf(to.port)} ${what}${fateText}`);
  }

  #nameOf(port: number): string {
    return this.#names.get(port) ?? String(port);
  }
}

/** The dialog that an endpoint has, which has no other. */
export function onlyDialog(endpoint: StrictEndpoint): StrictEndpoint['dialogs'][number] {
  const [dialog, ...more] = endpoint.dialogs;
  if (dialog === undefined || more.length > 0) throw new Error(`${more.length + 1} dialogs, or none`);
  return dialog;
}
