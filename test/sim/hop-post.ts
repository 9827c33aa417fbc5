import { createEdge, type EdgeHost } from '../../core/index.ts';
import type { Clock, Endpoint, MemoryNetwork } from '../../transport/index.ts';
import { Dice } from './dice.ts';
import { PlainProxy, type PlainProxyOptions } from './models/plain-proxy.ts';
import { Moods } from './moods.ts';
import type { HopRole } from './plan.ts';

export interface HopPostOptions {
  readonly role: HopRole;
  readonly address: Endpoint;
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  /** Hosts that an edge takes anything from. */
  readonly clients: readonly string[];
  readonly seed: number;
  /** Whether it will ever answer by itself. */
  readonly mayAnswer: boolean;
}

/** What stands at a hop's address, living or dead: each life is another process. */
export class HopPost {
  readonly address: Endpoint;
  /** Every address that something of it listens at. */
  readonly addresses: readonly Endpoint[];
  readonly moods: Moods;
  readonly #options: HopPostOptions;
  #lives = 0;
  #edge: EdgeHost | undefined;
  #proxy: PlainProxy | undefined;
  #isPaused = false;

  constructor(options: HopPostOptions) {
    const { role, address, clock, seed, mayAnswer } = options;
    this.address = address;
    this.addresses = role === 'proxy-before-edge' ? [address, { ...address, port: address.port + 2 }] : [address];
    this.#options = options;
    this.moods = new Moods(clock, seed, mayAnswer);
  }

  /** The edge, where it is one or has one beside it, and lives. */
  get edge(): EdgeHost | undefined {
    return this.#edge;
  }

  async open(): Promise<void> {
    this.#lives++;
    const [front, behind] = this.addresses;
    if (front === undefined) return;
    if (this.#options.role === 'edge') this.#edge = await this.#openEdge(front, true);
    else {
      this.#proxy = await this.#openProxy(front, behind);
      if (behind !== undefined) this.#edge = await this.#openEdge(behind, false);
    }
  }

  async die(): Promise<void> {
    for (const address of this.addresses) this.#options.network.kill(address);
    this.#isPaused = false;
    await this.#leave();
  }

  /** Stopped as by SIGSTOP, or going on. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    for (const address of this.addresses) {
      if (isPaused) this.#options.network.pause(address);
      else this.#options.network.resume(address);
    }
  }

  async close(): Promise<void> {
    this.pause(false);
    await this.#leave();
  }

  #openEdge(address: Endpoint, isMoody: boolean): Promise<EdgeHost> {
    const { network, clients, clock, seed } = this.#options;
    const transports = [network.udp(address), network.tcp(address)];
    return createEdge({
      transports: isMoody ? transports.map((transport) => this.moods.before(transport)) : transports,
      clients,
      clock,
      random: new Dice(seed, 1000 + this.#lives).octets(),
    });
  }

  async #openProxy(address: Endpoint, behind: Endpoint | undefined): Promise<PlainProxy> {
    const { network, clock, seed } = this.#options;
    const proxy = new PlainProxy({
      ...ways(seed),
      address,
      transports: [network.udp(address), network.tcp(address)].map((transport) => this.moods.before(transport)),
      clock,
      seed: seed * 64 + this.#lives,
      ...(behind !== undefined && { next: { ...behind, protocol: 'udp' } }),
    });
    await proxy.start();
    return proxy;
  }

  async #leave(): Promise<void> {
    const [edge, proxy] = [this.#edge, this.#proxy];
    this.#edge = undefined;
    this.#proxy = undefined;
    await edge?.close();
    await proxy?.stop();
  }
}

/** Proxies differ in what they do about refreshes and requests without a Route. */
function ways(seed: number): Pick<PlainProxyOptions, 'recordsRefreshes' | 'routeless'> {
  const dice = new Dice(seed, 999);
  return { recordsRefreshes: dice.chance(0.5), routeless: dice.pick(['forward', 'refuse']) };
}
