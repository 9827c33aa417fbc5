import { createEdge, createStack, type EdgeHost, type StackOptions } from '../../core/index.ts';
import { type Datagram, type MemoryNetwork, memoryNetwork, VirtualClock } from '../../transport/index.ts';
import { CountedTransport } from '../counted-transport.ts';
import { Dice } from './dice.ts';
import { type Ledger, Program } from './hunt-program.ts';
import { HuntSequences } from './hunt-sequences.ts';
import { seeded } from './world.ts';

export const edgesAt = [
  { host: '10.0.0.1', port: 5060 },
  { host: '10.0.0.2', port: 5060 },
] as const;
/** `heir` takes over dialogs of `near`, and gives them back. */
export const places = {
  near: { host: '10.0.1.1', port: 5070 },
  heir: { host: '10.0.1.2', port: 5070 },
  far: { host: '10.0.2.2', port: 5080 },
} as const;
export type Place = keyof typeof places;
export const placeNames = ['near', 'heir', 'far'] as const;
export const hosts = placeNames.map((place) => places[place].host);

/** Where a hunt takes place: two edges, three stacks with their programs, and what was seen. */
export class HuntGround {
  readonly faults: string[] = [];
  readonly log: string[] = [];
  /** How dialogs ended, counted: `near local bye`. */
  readonly endings: Map<string, number> = new Map();
  readonly dice: Dice;
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly sequences: HuntSequences = new HuntSequences(hosts);
  readonly ledger: Ledger;
  readonly protocols: Readonly<Record<'near' | 'far', 'udp' | 'tcp'>>;
  readonly edges: EdgeHost[] = [];
  readonly programs: Map<Place, Program> = new Map();
  readonly transports: CountedTransport[] = [];
  readonly registrations: 'refreshed' | 'failing' | 'hanging' | 'none';
  /** A stack of RFC 3261's and 5057's alone, which takes one 481 for the end. */
  readonly forgetful: Place | undefined;
  #keys: number;

  constructor(seed: number) {
    this.#keys = seed * 1000;
    const dice = new Dice(seed);
    this.dice = dice;
    this.protocols = { near: dice.pick(['udp', 'tcp']), far: dice.pick(['udp', 'tcp']) };
    this.forgetful = dice.chance(0.2) ? dice.pick(placeNames) : undefined;
    this.registrations = dice.pick(['refreshed', 'refreshed', 'failing', 'hanging', 'none']);
    const onDatagram = (datagram: Datagram): void => this.sequences.note(datagram);
    this.network = memoryNetwork({ clock: this.clock, seed, delayMs: 1, jitterMs: 3, cutting: 0.2, onDatagram });
    this.ledger = {
      faults: this.faults,
      executed: new Map(),
      infos: 0,
      nowMs: () => this.clock.nowMs(),
      wake: (afterMs, then) => void this.clock.wake(this.clock.nowMs() + afterMs, then),
    };
  }

  program(place: Place): Program {
    const program = this.programs.get(place);
    if (program === undefined) throw new Error(`no ${place}`);
    return program;
  }

  protocol(place: Place): 'udp' | 'tcp' {
    return this.protocols[place === 'far' ? 'far' : 'near'];
  }

  target(place: Place): string {
    const { host, port } = places[place];
    return `sip:bob@${host}:${port}${this.protocol(place) === 'tcp' ? ';transport=tcp' : ''}`;
  }

  openEdge(at: (typeof edgesAt)[number]): Promise<EdgeHost> {
    return createEdge({
      transports: [this.network.udp(at), this.network.tcp(at)],
      clients: hosts,
      clock: this.clock,
      random: seeded(++this.#keys),
    });
  }

  async open(place: Place, passive: boolean): Promise<void> {
    const dice = this.dice;
    const mode = place === this.forgetful ? 'none' : dice.pick(['maximum', 'maximum', 'maximum', 'limited'] as const);
    const recovery: NonNullable<StackOptions['recovery']> = {
      mode,
      ...(mode !== 'none' && { passive }),
      ...(mode !== 'none' && dice.chance(0.15) && { deadlineMs: dice.pick([5000, 30_000, 200_000]) }),
      ...(dice.chance(0.2) && { mediaTimeoutMs: 20_000 }),
      ...(mode !== 'none' && dice.chance(0.2) && { trust: 'dialog-tags' as const }),
      ...(mode !== 'none' && dice.chance(0.3) && { replaces: true }),
    };
    const program = new Program(place, recovery, dice, this.ledger);
    this.programs.set(place, program);
    const protocol = this.protocol(place);
    const transport = new CountedTransport(this.network[protocol](places[place]));
    this.transports.push(transport);
    const onward = protocol === 'tcp' ? ';transport=tcp' : '';
    program.start(
      await createStack({
        transports: [transport],
        hops: edgesAt.map(({ host, port }) => `sip:${host}:${port}${onward}`),
        recovery,
        sessionTimer: { intervalS: dice.pick([0, 90, 90, 1800]) },
        application: {
          ...program.application,
          ...(this.registrations !== 'none' && { refreshRegistration: () => this.register(place) }),
        },
        limits: { dialogs: 64, transactions: 4096 },
        clock: this.clock,
        random: seeded(++this.#keys),
      }),
    );
    program.onEnded = (dialog, by, reason) => {
      const how = `${place} ${by} ${reason}`;
      this.endings.set(how, (this.endings.get(how) ?? 0) + 1);
      this.say(`${how} ${dialog.callId} #${dialog.id}`);
    };
  }

  async register(place: Place): Promise<undefined> {
    if (this.program(place).isCalm) {
      for (const edge of this.edges) edge.restoreRegistration(places[place].host);
      return undefined;
    }
    if (this.registrations === 'hanging' && this.dice.chance(0.7)) await new Promise<never>(() => undefined);
    if (this.registrations === 'failing' && this.dice.chance(0.7)) throw new Error('the registrar is away');
    for (const edge of this.edges) edge.restoreRegistration(places[place].host);
    return undefined;
  }

  async take<T>(promise: Promise<T>, withinMs = 70_000): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    const untilMs = this.clock.nowMs() + withinMs;
    await this.clock.run(0);
    while (!isSettled && this.clock.nowMs() < untilMs) await this.clock.run(10);
    if (!isSettled) throw new Error('nothing became of it');
    return promise;
  }

  say(what: string): void {
    this.log.push(`${this.clock.nowMs()} ${what}`);
  }
}
