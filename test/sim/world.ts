import type { Violation } from '../../bench/sim/outcome.ts';
import {
  type Datagram,
  type Endpoint,
  type MemoryNetwork,
  memoryNetwork,
  VirtualClock,
} from '../../transport/index.ts';
import { endsAt, hopAt, strangersAt } from './addresses.ts';
import { EndPost } from './end-post.ts';
import type { Happening, LivingDialog, Rule, RuleMaker, RuleWorld } from './happening.ts';
import { HopPost } from './hop-post.ts';
import { Journal } from './journal.ts';
import type { Ground, Party, Told } from './party.ts';
import type { Act, ModelEnd, OurEnd, Place, Plan, Weather } from './plan.ts';
import { calledUser } from './program.ts';
import { isProbe } from './reading.ts';
import { Strangers, type Victim } from './strangers.ts';
import { Tallier } from './tallier.ts';
import { type TroubledWorld, Troubles } from './troubles.ts';

/** Who else may look on. */
export interface Onlookers {
  /** Gets a line for each message, act, fault and event. */
  readonly log?: ((line: string) => void) | undefined;
  readonly onDatagram?: ((datagram: Datagram) => void) | undefined;
}

const places = ['near', 'far'] as const;
/** So many violations say enough. */
const violationsMax = 20;

/** A network with two ends and the hops between them, as one plan has them; in virtual time. */
export class World implements Ground, TroubledWorld {
  readonly plan: Plan;
  readonly seed: number;
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly hops: readonly HopPost[];
  readonly ends: Readonly<Record<Place, EndPost>>;
  readonly troubles: Troubles;
  readonly violations: Violation[] = [];
  readonly tallier = new Tallier();
  readonly addresses: RuleWorld['addresses'];
  readonly #strangers: Strangers | undefined;
  readonly #rules: readonly Rule[];
  readonly #journal: Journal | undefined;
  readonly #onDatagram: ((datagram: Datagram) => void) | undefined;
  readonly #broken = new Set<string>();
  readonly #spoiled = new Set<string>();
  #wishes = 0;

  constructor(plan: Plan, makers: readonly RuleMaker[], { log, onDatagram }: Onlookers = {}) {
    const { seed, cast, weather } = plan;
    this.plan = plan;
    this.seed = seed;
    const hopsAt = cast.hops.map((_role, index) => hopAt(index));
    this.#onDatagram = onDatagram;
    const { clock } = this;
    const beside = hopsAt.filter((_at, index) => cast.hops[index] === 'proxy-before-edge').map(({ host }) => host);
    const clients = [endsAt.near.host, endsAt.far.host, ...beside];
    const network = memoryNetwork({ clock, seed, ...weather, onDatagram: (datagram) => this.#note(datagram) });
    this.network = network;
    this.hops = hopsAt.map((address, index) => {
      const mayAnswer = plan.faults.some((fault) => fault.kind === 'hop-answers' && fault.hop === index);
      return new HopPost({
        role: cast.hops[index] ?? 'edge',
        address,
        network,
        clock,
        clients,
        seed: seed * 8 + index,
        mayAnswer,
      });
    });
    this.addresses = {
      near: shown(endsAt.near),
      far: shown(endsAt.far),
      hops: [...hopsAt, ...this.hops.flatMap(({ addresses: [, ...behind] }) => behind)].map(shown),
      strangers: strangersAt.map(shown),
    };
    this.#journal = log && new Journal(log, this.addresses);
    const conditions = (): Weather => this.troubles.weather;
    const endPost = (place: Place, end: OurEnd | ModelEnd): EndPost =>
      new EndPost({ place, address: endsAt[place], end, network, clock, hops: hopsAt, ground: this, conditions });
    this.ends = { near: endPost('near', cast.near), far: endPost('far', cast.far) };
    this.troubles = new Troubles(this);
    const victim = (place: Place): Victim => {
      const { address, end, party } = this.ends[place];
      return { address, protocol: end.protocol, dialogs: party?.dialogs ?? [] };
    };
    const guards = hopsAt.filter((_at, index) => cast.hops[index] === 'edge');
    this.#strangers = plan.faults.some(({ kind }) => kind === 'forgery')
      ? new Strangers({
          network,
          clock,
          addresses: strangersAt,
          seed: seed * 8,
          hops: hopsAt,
          guards,
          victim,
          spoil: (callId) => this.#spoiled.add(callId),
        })
      : undefined;
    const asked: RuleWorld = {
      plan,
      addresses: this.addresses,
      nowMs: () => this.nowMs(),
      take: (row) => this.tallier.take(row),
      spoiled: this.#spoiled,
      dialogs: (place) => this.dialogs(place),
    };
    this.#rules = makers.map(({ name, make }) => make(asked, (what, callId) => this.#violate(name, what, callId)));
  }

  get weather(): Weather {
    return this.plan.weather;
  }

  async open(): Promise<void> {
    for (const hop of this.hops) await hop.open();
    for (const place of places) await this.ends[place].open();
    await this.#strangers?.start();
  }

  /** Whoever is alive. */
  get parties(): readonly Party[] {
    return places.flatMap((place) => this.ends[place].party ?? []);
  }

  /** Sets the alarms of all that is to happen. */
  schedule(): void {
    for (const act of this.plan.acts) this.clock.wake(act.atMs, () => this.#act(act));
    for (const fault of this.plan.faults) this.clock.wake(fault.atMs, () => this.troubles.begin(fault));
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  tell(told: Told): void {
    // Nobody else has it: there are too many of them to copy each one.
    const happening = Object.assign(told, { atMs: this.clock.nowMs() }) as Happening;
    if (happening.kind === 'died') this.#strangers?.died(happening.place);
    this.#journal?.see(happening);
    this.tallier.see(happening);
    for (const rule of this.#rules) {
      try {
        rule.see(happening);
      } catch (error) {
        this.threw('a rule', error);
      }
    }
  }

  dialogs(place: Place): readonly LivingDialog[] {
    return this.ends[place].party?.dialogs ?? [];
  }

  nextWish(): number {
    return ++this.#wishes;
  }

  wake(afterMs: number, then: () => void): void {
    this.clock.wake(this.clock.nowMs() + afterMs, then);
  }

  see(what: string, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.threw(what, error));
  }

  threw(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#violate('threw', `${what}: ${text}`);
  }

  target(from: Place): string {
    const to = this.ends[from === 'near' ? 'far' : 'near'];
    return `sip:${calledUser}@${shown(to.address)}${to.end.protocol === 'tcp' ? ';transport=tcp' : ''}`;
  }

  forge(fault: Parameters<Strangers['forge']>[0]): void {
    this.#strangers?.forge(fault);
  }

  /** Nobody lies any more. */
  async stopStrangers(): Promise<void> {
    await this.#strangers?.stop();
  }

  restoreRegistration(place: Place): void {
    for (const { edge } of this.hops) edge?.restoreRegistration(endsAt[place].host);
  }

  #act(act: Act): void {
    this.ends[act.place].party?.act(act);
  }

  #note(datagram: Datagram): void {
    this.tallier.messages++;
    this.#onDatagram?.(datagram);
    if (isProbe(datagram.bytes)) return;
    this.#strangers?.overhear(datagram);
    this.tell({ kind: 'datagram', datagram });
  }

  #violate(rule: string, what: string, callId?: string): void {
    const key = `${rule} ${what}`;
    if (callId !== undefined && this.#spoiled.has(callId) && rule !== 'no-stranger') return;
    if (this.violations.length >= violationsMax || this.#broken.has(key)) return;
    this.#broken.add(key);
    const atMs = this.clock.nowMs();
    this.#journal?.write(`${atMs} VIOLATION ${rule}: ${what} ${callId ?? ''}`);
    this.violations.push({ rule, atMs, what, ...(callId !== undefined && { callId }) });
  }
}

function shown({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}
