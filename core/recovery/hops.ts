import type { Address, FlowId, Outlet } from '../contract.ts';
import type { DialogColumns } from '../dialog/columns.ts';
import { type RequestPath, routeLessPath } from '../dialog/request.ts';
import type { DialogIndex } from '../dialog/table.ts';
import { sipUri, viaPrefix } from '../message/sent-by.ts';
import type { Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { CarriedDialogs } from './carried-dialogs.ts';
import type { BreakCause } from './classify.ts';
import { HealWindow } from './heal-window.ts';
import type { Hop } from './hop.ts';
import { isAlive, stateAfter } from './hop-state.ts';
import { learnedForMs } from './limits.ts';
import { Probes } from './probes.ts';

/** Hops that nobody listed: next hops of direct calls and of foreign route sets. Beyond this, idle ones make place. */
const unlistedMax = 4096;

/** So many of these for answers alone: anybody can name any port for them, and must not take the places that calls and dialogs need. */
const replyMax = unlistedMax / 2;

/** A next hop of the program's list. */
export interface ListedHop {
  readonly address: Address;
  /** Share of the dialogs, relative to the other hops. */
  readonly weight: number;
}

/** Hears of a hop's death and return. */
export interface HopUser {
  /** The hop is dead: its transactions and dialogs are to be told. `flow` is the one that was lost or fell silent. */
  hopLost(hop: Hop, cause: BreakCause, flow: FlowId | undefined): void;
  hopReturned(hop: Hop): void;
  /** The time is over for which the hop had asked to be left alone. */
  hopFree(hop: Hop): void;
  /** Whether transactions still need this flow. */
  uses(flow: FlowId): boolean;
}

/** Next hops: the program's list and whatever else dialogs lead to; their flows, their dialogs, and whether they live. */
export class Hops {
  readonly #hops: (Hop | undefined)[] = [];
  readonly #byAddress = new Map<string, Hop>();
  readonly #byFlow = new Map<FlowId, Hop>();
  readonly #byOpenId = new Map<number, Hop>();
  /** Whether requests of any dialog without a route set may go straight to its remote target. */
  readonly allowDirect: boolean;
  readonly #healingRoute: RequestPath | undefined;
  readonly #dialogs: CarriedDialogs;
  readonly #probes: Probes;
  readonly #wheel: Wheel;
  readonly #outlet: Outlet;
  readonly #user: HopUser;
  readonly #local: (protocol: string) => Address;
  readonly #speaks: (protocol: string) => boolean;
  readonly #hold: TimerKind;
  #listed: Hop[] = [];
  #openIds = 0;

  constructor(options: {
    readonly columns: DialogColumns;
    /** False: nobody asks whether hops live. */
    readonly probing: boolean;
    /** A hop that carries dialogs is asked so often. */
    readonly probeIntervalMs: number;
    readonly allowDirect: boolean;
    /** Value of the Route header of whatever goes around a broken route; '' for none. */
    readonly healingRoute: string;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly outlet: Outlet;
    readonly user: HopUser;
    /** Where we are reached by a protocol. */
    readonly local: (protocol: string) => Address;
    /** Whether we have a transport for a protocol. */
    readonly speaks: (protocol: string) => boolean;
    /** A fresh random token, for tags and Call-IDs. */
    readonly token: () => string;
    /** A fresh branch without a transaction. */
    readonly branch: () => string;
  }) {
    this.allowDirect = options.allowDirect;
    this.#healingRoute = options.healingRoute === '' ? undefined : { kind: 'preset', route: options.healingRoute };
    this.#wheel = options.wheel;
    this.#outlet = options.outlet;
    this.#user = options.user;
    this.#local = options.local;
    this.#speaks = options.speaks;
    this.#dialogs = new CarriedDialogs(options.columns, this.#hops);
    this.#probes = new Probes({
      ...options,
      dialogs: this.#dialogs,
      at: (index) => this.at(index),
      open: (hop) => this.#open(hop),
      silent: (hop) => this.#lose(hop, 'silent', hop.flow),
    });
    this.#hold = this.#wheel.kind((index) => this.#free(this.at(index)));
  }

  /** The listed hops, in the program's order. */
  get listed(): readonly Hop[] {
    return this.#listed;
  }

  /** Replaces the list. Dialogs on a hop that is no longer listed stay there until their route breaks. */
  list(listed: readonly ListedHop[]): void {
    const before = this.#listed;
    for (const hop of before) hop.listed = false;
    this.#listed = listed.map(({ address, weight }) => {
      const hop = this.#byAddress.get(keyOf(address)) ?? this.#create(address);
      hop.listed = true;
      hop.weight = weight;
      if (hop.flow === undefined) this.#open(hop);
      this.#probes.watch(hop);
      return hop;
    });
    for (const hop of [...this.#byAddress.values()]) if (this.#isIdle(hop)) this.#release(hop);
    // What waits for a hop that may carry it need not wait for a flow to open.
    for (const hop of this.#listed) if (!before.includes(hop) && this.usable(hop)) this.#user.hopReturned(hop);
  }

  at(index: number): Hop {
    const hop = this.#hops[index];
    if (hop === undefined) throw new RangeError(`no hop ${index}`);
    return hop;
  }

  byFlow(flow: FlowId): Hop | undefined {
    const hop = this.#byFlow.get(flow);
    if (hop === undefined || this.#hops[hop.index] === hop) return hop;
    this.#byFlow.delete(flow); // a connection that it opened has outlived the hop
    return undefined;
  }

  /**
   * A hop connects to us from any port: whose connection a flow is, its requests say, and that it lives. The host is the connection's own,
   * so nobody can be taken for a hop who is not on its machine.
   */
  recognise(flow: FlowId, address: Address): void {
    const hop = this.#byAddress.get(keyOf(address));
    if (hop === undefined) return;
    this.#byFlow.set(flow, hop);
    this.heard(flow); // as of now: what came by it was nobody's so far
  }

  /** The hop at an address, made if need be; undefined when there are too many, or we have no transport for it. */
  forAddress(address: Address): Hop | undefined {
    return this.#forAddress(address, unlistedMax);
  }

  /** The same for where a client wants its responses. */
  forReplies(address: Address): Hop | undefined {
    return this.#forAddress(address, replyMax);
  }

  #forAddress(address: Address, max: number): Hop | undefined {
    const known = this.#byAddress.get(keyOf(address));
    if (known !== undefined) return known;
    if (!this.#speaks(address.protocol)) return undefined;
    if (this.#byAddress.size >= max + this.#listed.length && !this.#makePlace()) return undefined;
    const hop = this.#create(address);
    // A connection that carries nothing would be closed as idle by its peer, and look like a break: it waits for its first message.
    if (address.protocol === 'udp') this.#open(hop);
    return hop;
  }

  /** The hop whose flow something has come by: that flow is there, and is to be known as the hop's. */
  forSource(source: Address): Hop | undefined {
    const hop = this.forAddress(source);
    if (hop !== undefined && hop.flow === undefined) this.#open(hop);
    return hop;
  }

  /** Whether a hop is alive, as far as is known, and has not asked to be left alone. */
  takes(hop: Hop): boolean {
    return isAlive(hop) && hop.notBeforeMs <= this.#wheel.nowMs;
  }

  /** The path around a broken route by this hop: the program's, or as it has been learned. @see [MS-SIPRE] §4.6 */
  pathBy(hop: Hop): RequestPath {
    if (this.#healingRoute !== undefined) return this.#healingRoute;
    return hop.wantsRouteUntilMs > this.#wheel.nowMs ? { kind: 'one-route', route: hop.route } : routeLessPath;
  }

  /** A request that named the hop in a Route has come through, where one without had been refused. */
  learnRoute(hop: Hop): void {
    if (hop.wantsRouteUntilMs <= this.#wheel.nowMs) hop.wantsRouteUntilMs = this.#wheel.nowMs + learnedForMs;
  }

  /** Whether something can be sent by this hop now. */
  usable(hop: Hop): boolean {
    return hop.flow !== undefined && this.takes(hop);
  }

  /**
   * A live hop of the list, by weight; `preferred` when it is one of them. Undefined when none is alive, or `may` wants none of
   * those. Flows are then asked for of those that lack one alone: their users hear when they are there.
   */
  pick(preferred?: Hop, may: (hop: Hop) => boolean = () => true): Hop | undefined {
    if (preferred?.listed && this.usable(preferred) && may(preferred)) return preferred;
    let best: Hop | undefined;
    let total = 0;
    for (const hop of this.#listed) {
      if (!this.usable(hop) || !may(hop)) continue;
      hop.credit += hop.weight;
      total += hop.weight;
      if (best === undefined || hop.credit > best.credit) best = hop;
    }
    if (best !== undefined) best.credit -= total;
    else for (const hop of this.#listed) if (hop.flow === undefined && this.takes(hop)) this.#open(hop);
    return best;
  }

  /** Calls back with the hop's flow, at once when there is one, with undefined when it cannot be opened. */
  whenOpen(hop: Hop, use: (flow: FlowId | undefined) => void): void {
    if (hop.flow !== undefined) {
      use(hop.flow);
      return;
    }
    hop.waiting.push(use);
    this.#open(hop);
  }

  /** Hangs a dialog on a hop, taking it off the one it was on. */
  attach(dialog: DialogIndex, hop: Hop): void {
    if (this.of(dialog) === hop) return;
    this.#dialogs.attach(dialog, hop);
    this.#probes.watch(hop);
  }

  detach(dialog: DialogIndex): void {
    this.#dialogs.detach(dialog);
  }

  /** The hop that a dialog's requests go to. */
  of(dialog: DialogIndex): Hop | undefined {
    return this.#dialogs.hopOf(dialog);
  }

  /** Each dialog on a hop; the visit may take the visited dialog off. */
  eachDialog(hop: Hop, visit: (dialog: DialogIndex) => void): void {
    this.#dialogs.each(hop, visit);
  }

  /** A request or heal has had no response for longer than it should: the hop is probed at once, unless it is anyway. */
  suspect(hop: Hop): void {
    this.#probes.suspect(hop);
  }

  /** The hop has asked to be left alone until then. @see RFC 3261 §21.5.4 */
  hold(hop: Hop, untilMs: number): void {
    if (untilMs <= hop.notBeforeMs) return;
    hop.notBeforeMs = untilMs;
    this.#wheel.disarm(hop.holdTimer);
    hop.holdTimer = this.#wheel.arm(this.#hold, hop.index, untilMs);
  }

  /** Something came from this flow. */
  heard(flow: FlowId): void {
    const hop = this.byFlow(flow);
    if (hop === undefined) return;
    hop.heardAtMs = this.#wheel.nowMs;
    if (flow === hop.flow) hop.heard = true;
    this.#probes.heard(hop);
    const isBack = !isAlive(hop);
    hop.state = stateAfter(hop.state, 'heard');
    if (isBack) this.#return(hop);
  }

  flowOpened(flow: FlowId, remote: Address, openId: number | undefined): void {
    const asking = openId === undefined ? undefined : this.#byOpenId.get(openId);
    const hop = asking ?? this.#byAddress.get(keyOf(remote));
    if (openId !== undefined) this.#byOpenId.delete(openId);
    if (hop === undefined) {
      if (openId !== undefined) this.#outlet.close(flow); // whoever asked for it is gone
      return;
    }
    this.#byFlow.set(flow, hop);
    if (hop.flow !== undefined && openId === undefined) return;
    if (hop.openId === openId) hop.openId = 0;
    hop.flow = flow;
    hop.heard = false;
    hop.state = stateAfter(hop.state, 'flow-opened');
    this.#probes.flowOpened(hop);
    for (const use of hop.waiting.splice(0)) use(flow);
    if (isAlive(hop)) this.#user.hopReturned(hop);
    else if (!this.#probes.asks && hop.address.protocol !== 'udp') {
      hop.state = stateAfter(hop.state, 'unneeded');
      this.#return(hop);
    }
  }

  openFailed(openId: number): void {
    const hop = this.#byOpenId.get(openId);
    this.#byOpenId.delete(openId);
    if (hop === undefined || hop.openId !== openId) return;
    hop.openId = 0;
    for (const use of hop.waiting.splice(0)) use(undefined);
    this.#lose(hop, 'flow-lost', undefined);
    this.#probes.watch(hop);
  }

  /**
   * The flow is gone. The hop is dead until it is heard from again; a new flow is asked for, to probe it by. Not at once where
   * the last one brought nothing: a hop that closes each connection as it comes would keep us busy.
   */
  flowLost(flow: FlowId): void {
    const hop = this.#byFlow.get(flow);
    this.#byFlow.delete(flow);
    if (hop === undefined || hop.flow !== flow) return;
    hop.flow = undefined;
    if (hop.listed && (hop.heard || hop.address.protocol === 'udp')) this.#open(hop);
    this.#lose(hop, 'flow-lost', flow);
    this.#probes.watch(hop);
  }

  #create(address: Address): Hop {
    const free = this.#hops.indexOf(undefined);
    const index = free === -1 ? this.#hops.length : free;
    const hop: Hop = {
      address,
      index,
      route: `<${sipUri(address)};lr>`,
      via: viaPrefix(this.#local(address.protocol)),
      listed: false,
      weight: 1,
      state: 'up',
      flow: undefined,
      wantsRouteUntilMs: 0,
      carried: 0,
      window: new HealWindow(),
      coolTimer: 0,
      heardAtMs: Number.NEGATIVE_INFINITY,
      notBeforeMs: 0,
      holdTimer: 0,
      heard: false,
      openId: 0,
      credit: 0,
      head: 0,
      probed: false,
      answered: false,
      misses: 0,
      probeTimer: 0,
      waiting: [],
    };
    this.#hops[index] = hop;
    this.#byAddress.set(keyOf(address), hop);
    return hop;
  }

  #open(hop: Hop): void {
    if (hop.openId !== 0) return;
    hop.openId = ++this.#openIds;
    this.#byOpenId.set(hop.openId, hop);
    this.#outlet.open(hop.openId, hop.address, hop.listed);
  }

  #release(hop: Hop): void {
    this.#probes.forget(hop);
    this.#wheel.disarm(hop.holdTimer);
    this.#wheel.disarm(hop.coolTimer);
    this.#byAddress.delete(keyOf(hop.address));
    this.#byOpenId.delete(hop.openId);
    this.#hops[hop.index] = undefined;
    if (hop.flow === undefined) return;
    this.#byFlow.delete(hop.flow);
    this.#outlet.close(hop.flow);
  }

  /** Lets go of an unlisted hop that carries nothing. Looks at a few only: those that were not looked at for longest. */
  #makePlace(): boolean {
    for (let looks = 8; looks > 0; looks--) {
      const [hop] = this.#byAddress.values();
      if (hop === undefined) return false;
      if (this.#isIdle(hop)) {
        this.#release(hop);
        return true;
      }
      this.#byAddress.delete(keyOf(hop.address));
      this.#byAddress.set(keyOf(hop.address), hop);
    }
    return false;
  }

  #isIdle(hop: Hop): boolean {
    if (hop.listed || hop.carried > 0 || hop.window.held > 0 || hop.waiting.length > 0) return false;
    return hop.flow === undefined || !this.#user.uses(hop.flow);
  }

  /** What was dead already is no news. */
  #lose(hop: Hop, event: 'silent' | 'flow-lost', flow: FlowId | undefined): void {
    const wasAlive = isAlive(hop);
    hop.state = stateAfter(hop.state, event);
    if (wasAlive) this.#user.hopLost(hop, event === 'silent' ? 'hop-silent' : event, flow);
  }

  #return(hop: Hop): void {
    this.#wheel.disarm(hop.holdTimer);
    hop.holdTimer = 0;
    hop.notBeforeMs = 0;
    this.#user.hopReturned(hop);
  }

  #free(hop: Hop): void {
    hop.holdTimer = 0;
    this.#user.hopFree(hop);
  }
}

function keyOf(address: Address): string {
  return `${address.protocol} ${address.host} ${address.port}`;
}
