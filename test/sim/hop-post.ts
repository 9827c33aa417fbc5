import { createEdge, type EdgeHost } from '../../core/index.ts';
import type { Clock, Endpoint, MemoryNetwork } from '../../transport/index.ts';
import { Dice } from './dice.ts';
import { Moods } from './moods.ts';
import type { HopRole } from './plan.ts';

/** What stands at a hop's address, living or dead: each life is another process. */
export class HopPost {
  readonly role: HopRole;
  readonly address: Endpoint;
  readonly moods: Moods;
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #clients: readonly string[];
  readonly #seed: number;
  #lives = 0;
  #edge: EdgeHost | undefined;
  #isPaused = false;

  constructor(options: {
    readonly role: HopRole;
    readonly address: Endpoint;
    readonly network: MemoryNetwork;
    readonly clock: Clock;
    /** Hosts that an edge takes anything from. */
    readonly clients: readonly string[];
    readonly seed: number;
    readonly mayAnswer: boolean;
  }) {
    const { role, address, network, clock, clients, seed, mayAnswer } = options;
    this.role = role;
    this.address = address;
    this.#network = network;
    this.#clock = clock;
    this.#clients = clients;
    this.#seed = seed;
    this.moods = new Moods(clock, seed, mayAnswer);
  }

  /** Every address that something of it listens at. */
  get addresses(): readonly Endpoint[] {
    return [this.address];
  }

  get edge(): EdgeHost | undefined {
    return this.#edge;
  }

  async open(): Promise<void> {
    const { address } = this;
    this.#lives++;
    this.#edge = await createEdge({
      transports: [this.moods.before(this.#network.udp(address)), this.moods.before(this.#network.tcp(address))],
      clients: this.#clients,
      clock: this.#clock,
      random: new Dice(this.#seed, 1000 + this.#lives).octets(),
    });
  }

  async die(): Promise<void> {
    for (const address of this.addresses) this.#network.kill(address);
    this.#isPaused = false;
    const edge = this.#edge;
    this.#edge = undefined;
    await edge?.close();
  }

  /** Stopped as by SIGSTOP, or going on. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    for (const address of this.addresses) {
      if (isPaused) this.#network.pause(address);
      else this.#network.resume(address);
    }
  }

  async close(): Promise<void> {
    this.pause(false);
    await this.#edge?.close();
    this.#edge = undefined;
  }
}
