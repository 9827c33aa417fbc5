import { createStack, type DialogRecord, type StackOptions } from '../../core/index.ts';
import type { Clock, Endpoint, MemoryNetwork, NetworkConditions } from '../../transport/index.ts';
import { CutTransport } from './cut-transport.ts';
import { Dice } from './dice.ts';
import { EndClock } from './end-clock.ts';
import type { Ground, Party } from './party.ts';
import type { OurEnd, Place } from './plan.ts';
import { Program } from './program.ts';
import { tapNext } from './step-tap.ts';

/** One of the two ends: the place where its processes live, one after the other. */
export class EndPost {
  readonly place: Place;
  readonly address: Endpoint;
  readonly clock: EndClock;
  /** Whether a process that dies leaves records of its dialogs. */
  isKept = false;
  readonly #end: OurEnd;
  readonly #network: MemoryNetwork;
  readonly #hops: readonly Endpoint[];
  readonly #ground: Ground;
  readonly #cut: CutTransport;
  #party: Program | undefined;
  #records: readonly DialogRecord[] = [];
  #lives = 0;

  constructor(options: {
    readonly place: Place;
    readonly address: Endpoint;
    readonly end: OurEnd;
    readonly network: MemoryNetwork;
    readonly clock: Clock;
    readonly hops: readonly Endpoint[];
    readonly ground: Ground;
    readonly conditions: () => Partial<NetworkConditions>;
  }) {
    const { place, address, end, network, clock, hops, ground, conditions } = options;
    this.place = place;
    this.address = address;
    this.#end = end;
    this.#network = network;
    this.#hops = hops;
    this.#ground = ground;
    const dice = this.#dice(0);
    this.clock = new EndClock(clock, {
      driftPpm: end.driftPpm,
      beganMs: dice.pick([0, 1000.5, 86_400_000]),
      skewMs: dice.pick([0, 0, -3000, 60_000]),
    });
    this.#cut = new CutTransport(network[end.protocol](address), network, address, conditions);
  }

  get protocol(): 'udp' | 'tcp' {
    return this.#end.protocol;
  }

  /** Whoever lives there now. */
  get party(): Party | undefined {
    return this.#party;
  }

  async open(): Promise<void> {
    const end = this.#end;
    const { place, clock } = this;
    const life = ++this.#lives;
    const program = new Program(place, end, this.#ground);
    tapNext((nowMs, inputs, { outputs, wakeAtMs }) =>
      this.#ground.tell({ kind: 'step', place, life, inputs, outputs, wakeAtMs, nowMs }),
    );
    const onward = end.protocol === 'tcp' ? ';transport=tcp' : '';
    const stack = await createStack({
      transports: [this.#cut],
      hops: this.#hops.map(({ host, port }) => `sip:${host}:${port}${onward}`),
      recovery: recoveryOf(end),
      sessionTimer: { intervalS: end.sessionIntervalS },
      application: program.application,
      limits: { dialogs: 64, transactions: 4096 },
      clock,
      random: this.#dice(life).octets(),
    });
    this.#party = program;
    program.start(stack, this.isKept ? this.#records : []);
    this.#records = [];
  }

  async die(): Promise<void> {
    this.#network.kill(this.address);
    this.#records = this.#party?.records ?? [];
    const died = this.#party?.die();
    this.#party = undefined;
    this.#ground.tell({ kind: 'died', place: this.place });
    await died;
  }

  /** The next message to a hop breaks its connection, half-way through as often as not. */
  breakNext(hop: Endpoint): void {
    this.#cut.breakNext(hop);
  }

  #dice(life: number): Dice {
    return new Dice(this.#ground.seed, (this.place === 'near' ? 2000 : 3000) + life);
  }
}

function recoveryOf(end: OurEnd): NonNullable<StackOptions['recovery']> {
  const { mode, passive, trust, replaces, deadlineMs, mediaTimeoutMs, schedule, probeIntervalMs } = end;
  return {
    mode,
    trust,
    replaces,
    schedule,
    passive,
    probeIntervalMs,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(mediaTimeoutMs !== undefined && { mediaTimeoutMs }),
  };
}
