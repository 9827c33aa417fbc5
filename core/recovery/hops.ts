import type { Address, FlowId, Outlet } from '../contract.ts';
import type { DialogIndex } from '../dialog/table.ts';
import { hostPort, sipUri, viaPrefix } from '../message/sent-by.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import type { BreakCause } from './classify.ts';

/** A hop that carries dialogs is probed so often. */
const probeIntervalMs = 375;

/** So many probes in a row without a sign of life, and the hop is dead. */
const probeMissesMax = 3;

/** The last of them is given less time, so that the death of a hop is known, and told, within 1.5 s of it. */
const lastProbeWaitMs = 250;

/** Hops that nobody listed: next hops of direct calls and of foreign route sets. Beyond this, idle ones make place. */
const unlistedMax = 4096;

/** A next hop of the program's list. */
export interface ListedHop {
  readonly address: Address;
  /** Share of the dialogs, relative to the other hops. */
  readonly weight: number;
}

/** A next hop: what carries dialogs, and what is known of it. */
export interface Hop {
  readonly address: Address;
  /** Value of a Route header that names this hop alone. */
  readonly route: string;
  readonly via: string;
  /** One of the program's list: may heal our dialogs and rewrite their routes. */
  listed: boolean;
  weight: number;
  state: 'up' | 'down';
  /** Undefined while there is none; requests wait for it. */
  flow: FlowId | undefined;
  /** Takes requests without a Route, or wants one that names it: learned. */
  path: 'route-less' | 'one-route';
  /** Dialogs whose requests go here. */
  carried: number;
  /** Heals under way by this hop. */
  healing: number;
  /** Until then it takes nothing new of ours: Retry-After. */
  notBeforeMs: number;
  holdTimer: number;
  openId: number;
  credit: number;
  head: number;
  probed: boolean;
  answered: boolean;
  suspected: boolean;
  misses: number;
  probeTimer: number;
  readonly index: number;
  readonly waiting: ((flow: FlowId | undefined) => void)[];
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

/**
 * Next hops: the program's list and whatever else dialogs lead to; their flows, their dialogs, and whether they live.
 *
 * Dialogs hang on their hop in a list of links, so that a dead hop's dialogs are found without a search. A listed hop that
 * carries dialogs is probed with OPTIONS; any datagram from it, and any response of any status, counts as life.
 */
export class Hops {
  readonly #hops: (Hop | undefined)[] = [];
  readonly #byAddress = new Map<string, Hop>();
  readonly #byFlow = new Map<FlowId, Hop>();
  readonly #byOpenId = new Map<number, Hop>();
  readonly #hopOf: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #wheel: Wheel;
  readonly #writer: Writer;
  readonly #outlet: Outlet;
  readonly #user: HopUser;
  readonly #local: (protocol: string) => Address;
  readonly #token: () => string;
  readonly #probing: boolean;
  readonly #probe: TimerKind;
  readonly #hold: TimerKind;
  #listed: Hop[] = [];
  #carried = 0;
  #openIds = 0;

  constructor(options: {
    readonly dialogCapacity: number;
    /** False: nobody asks whether hops live. */
    readonly probing: boolean;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly outlet: Outlet;
    readonly user: HopUser;
    /** Where we are reached by a protocol. */
    readonly local: (protocol: string) => Address;
    /** A fresh random token, for tags and branches. */
    readonly token: () => string;
  }) {
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#outlet = options.outlet;
    this.#user = options.user;
    this.#local = options.local;
    this.#token = options.token;
    this.#probing = options.probing;
    this.#hopOf = new Int32Array(options.dialogCapacity);
    this.#next = new Int32Array(options.dialogCapacity);
    this.#previous = new Int32Array(options.dialogCapacity);
    this.#probe = this.#wheel.kind((index) => this.#tick(this.at(index)));
    this.#hold = this.#wheel.kind((index) => this.#free(this.at(index)));
  }

  /** The listed hops, in the program's order. */
  get listed(): readonly Hop[] {
    return this.#listed;
  }

  /** Replaces the list. Dialogs on a hop that is no longer listed stay there until their route breaks. */
  list(listed: readonly ListedHop[]): void {
    for (const hop of this.#listed) hop.listed = false;
    this.#listed = listed.map(({ address, weight }) => {
      const hop = this.#byAddress.get(keyOf(address)) ?? this.#create(address);
      hop.listed = true;
      hop.weight = weight;
      if (hop.flow === undefined) this.#open(hop);
      this.#watch(hop);
      return hop;
    });
    for (const hop of [...this.#byAddress.values()]) if (this.#isIdle(hop)) this.#release(hop);
  }

  at(index: number): Hop {
    const hop = this.#hops[index];
    if (hop === undefined) throw new RangeError(`no hop ${index}`);
    return hop;
  }

  byFlow(flow: FlowId): Hop | undefined {
    return this.#byFlow.get(flow);
  }

  /** The hop at an address, made if need be; undefined when there are too many. */
  forAddress(address: Address): Hop | undefined {
    const known = this.#byAddress.get(keyOf(address));
    if (known !== undefined) return known;
    if (this.#byAddress.size >= unlistedMax + this.#listed.length && !this.#makePlace()) return undefined;
    const hop = this.#create(address);
    this.#open(hop);
    return hop;
  }

  /** Whether a hop is alive, as far as is known, and has not asked to be left alone. */
  takes(hop: Hop): boolean {
    return hop.state === 'up' && hop.notBeforeMs <= this.#wheel.nowMs;
  }

  /** Whether something can be sent by this hop now. */
  usable(hop: Hop): boolean {
    return hop.flow !== undefined && this.takes(hop);
  }

  /** A live hop of the list, by weight; `preferred` when it is one of them. Undefined when none is up, or all have so many heals. */
  pick(preferred?: Hop, healingMax: number = Number.POSITIVE_INFINITY): Hop | undefined {
    if (preferred?.listed && this.usable(preferred) && preferred.healing < healingMax) return preferred;
    let best: Hop | undefined;
    let total = 0;
    for (const hop of this.#listed) {
      if (!this.usable(hop) || hop.healing >= healingMax) continue;
      hop.credit += hop.weight;
      total += hop.weight;
      if (best === undefined || hop.credit > best.credit) best = hop;
    }
    if (best !== undefined) best.credit -= total;
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
    const before = this.of(dialog);
    if (before === hop) return;
    if (before !== undefined) this.detach(dialog);
    this.#hopOf[dialog] = hop.index + 1;
    this.#previous[dialog] = 0;
    this.#next[dialog] = hop.head;
    if (hop.head !== 0) this.#previous[hop.head - 1] = dialog + 1;
    hop.head = dialog + 1;
    hop.carried++;
    this.#carried++;
    this.#watch(hop);
  }

  detach(dialog: DialogIndex): void {
    const hop = this.of(dialog);
    if (hop === undefined) return;
    const next = this.#next[dialog] as number;
    const previous = this.#previous[dialog] as number;
    if (previous === 0) hop.head = next;
    else this.#next[previous - 1] = next;
    if (next !== 0) this.#previous[next - 1] = previous;
    this.#hopOf[dialog] = 0;
    hop.carried--;
    this.#carried--;
  }

  /** The hop that a dialog's requests go to. */
  of(dialog: DialogIndex): Hop | undefined {
    const index = this.#hopOf[dialog] as number;
    return index === 0 ? undefined : this.#hops[index - 1];
  }

  /** Each dialog on a hop; the visit may take the visited dialog off. */
  eachDialog(hop: Hop, visit: (dialog: DialogIndex) => void): void {
    for (let link = hop.head; link !== 0; ) {
      const next = this.#next[link - 1] as number;
      visit(link - 1);
      link = next;
    }
  }

  /** A request has had no response for longer than it should: an unlisted hop is probed at once, a listed one is anyway. */
  suspect(hop: Hop): void {
    hop.suspected = true;
    this.#watch(hop);
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
    const hop = this.#byFlow.get(flow);
    if (hop === undefined) return;
    hop.answered = true;
    hop.suspected = false;
    if (hop.state === 'down') this.#return(hop);
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
    hop.probed = false;
    for (const use of hop.waiting.splice(0)) use(flow);
    if (hop.state === 'up') this.#user.hopReturned(hop);
    else if (hop.address.protocol !== 'udp') this.#return(hop);
  }

  openFailed(openId: number): void {
    const hop = this.#byOpenId.get(openId);
    this.#byOpenId.delete(openId);
    if (hop === undefined || hop.openId !== openId) return;
    hop.openId = 0;
    for (const use of hop.waiting.splice(0)) use(undefined);
    if (hop.state === 'up') this.#lose(hop, 'flow-lost', undefined);
    this.#watch(hop);
  }

  /** The flow is gone. The hop is dead until it is heard from again; a new flow is asked for, to probe it by. */
  flowLost(flow: FlowId): void {
    const hop = this.#byFlow.get(flow);
    this.#byFlow.delete(flow);
    if (hop === undefined || hop.flow !== flow) return;
    hop.flow = undefined;
    if (hop.listed) this.#open(hop);
    if (hop.state === 'up') this.#lose(hop, 'flow-lost', flow);
    this.#watch(hop);
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
      path: 'route-less',
      carried: 0,
      healing: 0,
      notBeforeMs: 0,
      holdTimer: 0,
      openId: 0,
      credit: 0,
      head: 0,
      probed: false,
      answered: false,
      suspected: false,
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
    this.#wheel.disarm(hop.probeTimer);
    this.#wheel.disarm(hop.holdTimer);
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
    if (hop.listed || hop.carried > 0 || hop.healing > 0 || hop.waiting.length > 0) return false;
    return hop.flow === undefined || !this.#user.uses(hop.flow);
  }

  #needsProbe(hop: Hop): boolean {
    if (!this.#probing) return false;
    if (hop.listed) return hop.carried > 0 || (hop.state === 'down' && this.#carried > 0);
    return hop.carried > 0 && (hop.suspected || hop.state === 'down');
  }

  #watch(hop: Hop): void {
    if (hop.probeTimer !== 0) return;
    if (!this.#needsProbe(hop)) {
      hop.state = 'up'; // nobody will ask it, so nobody would ever know that it is back
      return;
    }
    hop.probed = false;
    hop.misses = 0;
    hop.probeTimer = this.#wheel.arm(this.#probe, hop.index, this.#wheel.nowMs + (hop.suspected ? 0 : probeIntervalMs));
  }

  #tick(hop: Hop): void {
    hop.probeTimer = 0;
    if (!this.#needsProbe(hop)) {
      hop.state = 'up';
      return;
    }
    if (hop.probed && !hop.answered) hop.misses++;
    else hop.misses = 0;
    if (hop.misses >= probeMissesMax && hop.state === 'up') this.#lose(hop, 'hop-silent', hop.flow);
    if (hop.flow === undefined) this.#open(hop);
    else this.#sendProbe(hop, hop.flow);
    const isLast = hop.state === 'up' && hop.misses === probeMissesMax - 1;
    const waitMs = isLast ? lastProbeWaitMs : probeIntervalMs;
    hop.probeTimer = this.#wheel.arm(this.#probe, hop.index, this.#wheel.nowMs + waitMs);
  }

  /** OPTIONS to the hop itself; its transaction is the probe's own: the next one is the retransmission. */
  #sendProbe(hop: Hop, flow: FlowId): void {
    hop.probed = true;
    hop.answered = false;
    const uri = sipUri(hop.address);
    const token = this.#token();
    this.#writer
      .text(`OPTIONS ${uri} SIP/2.0\r\n${hop.via}z9hG4bKprobe.${token}\r\nMax-Forwards: 70\r\n`)
      .text(`From: <sip:probe@${hostPort(this.#local(hop.address.protocol))}>;tag=${token}\r\nTo: <${uri}>\r\n`)
      .text(`Call-ID: ${token}\r\nCSeq: 1 OPTIONS\r\n`);
    this.#outlet.send(flow, endMessage(this.#writer, undefined, undefined));
  }

  #lose(hop: Hop, cause: BreakCause, flow: FlowId | undefined): void {
    hop.state = 'down';
    this.#user.hopLost(hop, cause, flow);
  }

  #return(hop: Hop): void {
    hop.state = 'up';
    hop.misses = 0;
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
