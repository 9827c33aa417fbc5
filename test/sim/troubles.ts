import type { Endpoint, MemoryNetwork } from '../../transport/index.ts';
import type { EndPost } from './end-post.ts';
import type { HopPost } from './hop-post.ts';
import type { Told } from './party.ts';
import type { Fault, Place, Weather } from './plan.ts';

/** What troubles are made with. */
export interface TroubledWorld {
  readonly network: MemoryNetwork;
  readonly weather: Weather;
  readonly hops: readonly HopPost[];
  readonly ends: Readonly<Record<Place, EndPost>>;
  tell(told: Told): void;
  wake(afterMs: number, then: () => void): void;
  restoreRegistration(place: Place): void;
  forge(fault: Extract<Fault, { readonly kind: 'forgery' }>): void;
  /** Sees to it that a failure of what goes on is heard of. */
  see(what: string, promise: Promise<unknown>): void;
}

const modelRegistersMs = 30_000;

const places = ['near', 'far'] as const;

const perfect: Weather = { delayMs: 1, jitterMs: 0, loss: 0, duplication: 0, reordering: 0, cutting: 0, truncation: 0 };

/**
 * Carries out faults. Those that last are kept while they do, and the world is made to be as all of them together have it: so one
 * that ends does not end what another one does.
 */
export class Troubles {
  readonly #world: TroubledWorld;
  readonly #lasting = new Set<Fault>();
  readonly #cut = new Set<string>();
  readonly #down = new Set<HopPost | EndPost>();
  #isOver = false;

  constructor(world: TroubledWorld) {
    this.#world = world;
  }

  begin(fault: Fault): void {
    if (this.#isOver) return;
    this.#world.tell({ kind: 'fault', fault, over: false });
    this.#strike(fault);
    if (!('forMs' in fault)) {
      this.#world.tell({ kind: 'fault', fault, over: true });
      return;
    }
    this.#lasting.add(fault);
    this.#apply();
    this.#world.wake(fault.forMs, () => this.#end(fault));
  }

  /** From now on nothing breaks. */
  calm(): void {
    this.#isOver = true;
    for (const fault of this.#lasting) this.#end(fault);
    for (const place of places) this.#world.ends[place].breakNext(undefined);
    this.#world.network.change(perfect);
  }

  /** How the network treats what is sent now. */
  get weather(): Weather {
    if (this.#isOver) return perfect;
    let { weather } = this.#world;
    for (const fault of this.#lasting) if (fault.kind === 'weather') weather = { ...weather, ...fault.weather };
    return weather;
  }

  #end(fault: Fault): void {
    if (!this.#lasting.delete(fault)) return;
    this.#world.tell({ kind: 'fault', fault, over: true });
    this.#apply();
  }

  /** What happens at one instant. */
  #strike(fault: Fault): void {
    const { ends } = this.#world;
    const hop = 'hop' in fault ? this.#world.hops[fault.hop] : undefined;
    switch (fault.kind) {
      case 'edge-forgets':
        hop?.edge?.loseMemory();
        break;
      case 'edge-loses-flow':
        hop?.edge?.loseFlow(ends[fault.place].address.host);
        break;
      case 'edge-loses-registration':
        hop?.edge?.loseRegistration(ends[fault.place].address.host);
        // A model does not know that it should register again: whoever registers for it does so in time.
        if (ends[fault.place].end.kind === 'model')
          this.#world.wake(modelRegistersMs, () => this.#world.restoreRegistration(fault.place));
        break;
      case 'reset':
        if (hop !== undefined) this.#reset(ends[fault.place], hop);
        break;
      case 'reset-mid-message':
        if (hop !== undefined) ends[fault.place].breakNext(hop.address);
        break;
      case 'both-break':
        for (const each of this.#world.hops)
          for (const place of places) {
            this.#reset(ends[place], each);
            each.edge?.loseFlow(ends[place].address.host);
          }
        break;
      case 'clock-jumps':
        ends[fault.place].clock.jump(fault.byMs);
        break;
      case 'heals-cross':
        this.#crossHeals(fault.pick);
        break;
      case 'forgery':
        this.#world.forge(fault);
        break;
    }
  }

  #crossHeals(pick: number): void {
    const near = this.#world.ends.near.party;
    const dialogs = near?.dialogs ?? [];
    const name = dialogs[Math.floor(pick * dialogs.length)]?.name;
    if (name === undefined) return;
    near?.heal(name);
    this.#world.ends.far.party?.heal(name);
  }

  /** Makes the world as the faults that last have it. */
  #apply(): void {
    const { network, hops, ends } = this.#world;
    const lasting = [...this.#lasting];
    const is = (kind: Fault['kind'], hop: number): boolean =>
      lasting.some((fault) => fault.kind === kind && 'hop' in fault && fault.hop === hop);
    for (const [index, hop] of hops.entries()) {
      this.#keep(hop, is('hop-dies', index) || lasting.some(({ kind }) => kind === 'outage'));
      hop.pause(!this.#down.has(hop) && is('hop-pauses', index));
      const { moods } = hop;
      moods.slowByMs = 0;
      moods.answering = lasting.filter((fault) => fault.kind === 'hop-answers').filter((fault) => fault.hop === index);
      moods.losesByes = lasting.some(({ kind }) => kind === 'byes-lost');
      for (const fault of lasting)
        if (fault.kind === 'hop-slow' && fault.hop === index) moods.slowByMs = Math.max(moods.slowByMs, fault.byMs);
    }
    for (const place of places) {
      const restart = lasting.find((fault) => fault.kind === 'restart' && fault.place === place);
      ends[place].isKept = restart?.kind === 'restart' ? restart.kept : ends[place].isKept;
      this.#keep(ends[place], restart !== undefined);
      for (const [index, hop] of hops.entries()) this.#part(ends[place], hop, this.#isParted(lasting, place, index));
    }
    network.change(this.weather);
  }

  #isParted(lasting: readonly Fault[], place: Place, hop: number): boolean {
    return lasting.some(
      (fault) =>
        fault.kind === 'both-break' || (fault.kind === 'partition' && fault.place === place && fault.hop === hop),
    );
  }

  #part(end: EndPost, hop: HopPost, isParted: boolean): void {
    const { network } = this.#world;
    const key = `${end.place} ${hop.address.host}`;
    if (isParted === this.#cut.has(key)) return;
    if (isParted) this.#cut.add(key);
    else this.#cut.delete(key);
    for (const [one, other] of pairsOf(end, hop)) {
      if (isParted) network.partition(one, other);
      else network.heal(one, other);
    }
  }

  #reset(end: EndPost, hop: HopPost): void {
    for (const [one, other] of pairsOf(end, hop)) this.#world.network.reset(one, other);
  }

  #keep(post: HopPost | EndPost, isDown: boolean): void {
    if (isDown === this.#down.has(post)) return;
    if (isDown) {
      this.#down.add(post);
      this.#world.see('a process that dies', post.die());
    } else {
      this.#down.delete(post);
      this.#world.see('a process that begins', post.open());
    }
  }
}

function pairsOf(end: EndPost, hop: HopPost): (readonly [Endpoint, Endpoint])[] {
  return end.addresses.flatMap((one) => hop.addresses.map((other) => [one, other] as const));
}
