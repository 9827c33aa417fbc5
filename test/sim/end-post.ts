import { createStack, type DialogRecord, type StackOptions } from '../../core/index.ts';
import type { Clock, Endpoint, MemoryNetwork, NetworkConditions } from '../../transport/index.ts';
import { JumpClock } from '../jump-clock.ts';
import { CutTransport } from './cut-transport.ts';
import { Dice } from './dice.ts';
import { ModelUser } from './model-user.ts';
import type { DialogRecord as ModelRecord } from './models/dialog.ts';
import { StrictEndpoint } from './models/strict-endpoint.ts';
import type { Ground, Party } from './party.ts';
import type { ModelEnd, OurEnd, Place } from './plan.ts';
import { Program } from './program.ts';
import { tapNext } from './step-tap.ts';

export interface EndPostOptions {
  readonly place: Place;
  readonly address: Endpoint;
  readonly end: OurEnd | ModelEnd;
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly hops: readonly Endpoint[];
  readonly ground: Ground;
  readonly conditions: () => Partial<NetworkConditions>;
}

/** Records of the dialogs that a process had. */
interface Left {
  readonly ours: readonly DialogRecord[];
  readonly models: readonly ModelRecord[];
}

const nothing: Left = { ours: [], models: [] };

/** One of the two ends: the place where its processes live, one after the other. */
export class EndPost {
  readonly place: Place;
  readonly address: Endpoint;
  /** Every address that something of it listens at. */
  readonly addresses: readonly Endpoint[];
  readonly clock: JumpClock;
  /** Whether a process that dies leaves records of its dialogs. */
  isKept = false;
  readonly #options: EndPostOptions;
  readonly #cut: CutTransport;
  #party: Program | ModelUser | undefined;
  #left: Left = nothing;
  #lives = 0;

  constructor(options: EndPostOptions) {
    const { place, address, end, network, clock, conditions } = options;
    this.place = place;
    this.address = address;
    const isElsewhere = end.kind === 'model' && end.habits.includes('changes-contact');
    this.addresses = isElsewhere ? [address, { ...address, port: address.port + 1 }] : [address];
    this.#options = options;
    const dice = this.#dice(0);
    this.clock = new JumpClock(clock, {
      driftPpm: end.kind === 'ours' ? end.driftPpm : 0,
      beganMs: dice.pick([0, 1000.5, 86_400_000]),
      skewMs: dice.pick([0, 0, -3000, 60_000]),
    });
    this.#cut = new CutTransport(network[end.protocol](address), network, address, conditions);
  }

  get end(): OurEnd | ModelEnd {
    return this.#options.end;
  }

  /** Whoever lives there now. */
  get party(): Party | undefined {
    return this.#party;
  }

  async open(): Promise<void> {
    const { end } = this;
    this.#lives++;
    this.#party = end.kind === 'ours' ? await this.#openOurs(end) : await this.#openModel(end);
    this.#left = nothing;
  }

  async die(): Promise<void> {
    for (const address of this.addresses) this.#options.network.kill(address);
    if (this.isKept && this.#party !== undefined) this.#left = leftBy(this.#party);
    const died = this.#party?.die();
    this.#party = undefined;
    this.#options.ground.tell({ kind: 'died', place: this.place });
    await died;
  }

  /** The next message breaks the connection to a hop, and is half-way through as often as not. */
  breakNext(hop: Endpoint | undefined): void {
    this.#cut.breakNext(hop);
  }

  async #openOurs(end: OurEnd): Promise<Program> {
    const { ground, hops } = this.#options;
    const { place, clock } = this;
    const life = this.#lives;
    const program = new Program(place, end, ground);
    tapNext((nowMs, inputs, { outputs, wakeAtMs }) =>
      ground.tell({ kind: 'step', place, life, inputs, outputs, wakeAtMs, nowMs }),
    );
    const onward = end.protocol === 'tcp' ? ';transport=tcp' : '';
    const stack = await createStack({
      transports: [this.#cut],
      hops: hops.map(({ host, port }) => `sip:${host}:${port}${onward}`),
      recovery: recoveryOf(end),
      sessionTimer: { intervalS: end.sessionIntervalS },
      ...(end.t2Ms !== undefined && { timers: { t2Ms: end.t2Ms } }),
      application: program.application,
      limits: { dialogs: 64, transactions: 4096 },
      clock,
      random: this.#dice(life).octets(),
    });
    program.start(stack, this.#left.ours);
    return program;
  }

  async #openModel({ protocol, habits, sessionIntervalS }: ModelEnd): Promise<ModelUser> {
    const { place, ground, hops, network } = this.#options;
    const user = new ModelUser(place, ground);
    const [, other] = this.addresses;
    const model = new StrictEndpoint({
      transport: this.#cut,
      ...(other !== undefined && { otherTransport: network[protocol](other) }),
      clock: this.clock,
      seed: this.#dice(this.#lives).below(2 ** 30),
      habits,
      sessionIntervalS,
      outbound: hops,
      records: this.#left.models,
      user,
    });
    await model.start();
    user.start(model);
    return user;
  }

  #dice(life: number): Dice {
    return new Dice(this.#options.ground.seed, (this.place === 'near' ? 2000 : 3000) + life);
  }
}

function leftBy(party: Program | ModelUser): Left {
  return party instanceof Program ? { ours: party.records, models: [] } : { ours: [], models: party.records };
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
