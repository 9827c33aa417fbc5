import type { Address, FlowId, Outlet } from '../contract.ts';
import { hostPort, sipUri } from '../message/sent-by.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import type { CarriedDialogs } from './carried-dialogs.ts';
import type { Hop } from './hop.ts';
import { isAlive, stateAfter } from './hop-state.ts';

/** A hop that somebody waits for in vain is probed so often, however seldom it is otherwise. */
const suspectIntervalMs = 375;

/** So many probes in a row without a sign of life, and the hop is dead. */
const probeMissesMax = 3;

/** The last of them is given less time: the death of a hop is known, and told, within four intervals of it. */
const lastWaitShare = 2 / 3;

/**
 * Asks hops whether they live. A listed hop that carries dialogs is probed with OPTIONS; any datagram from it, and any
 * response of any status, counts as life.
 *
 * While no hop is alive, probes are all that goes out by itself: 1000 / `probeIntervalMs` messages a second to each dead hop that is listed,
 * or carries dialogs (2.67 by default), or as many attempts to open a connection, however many dialogs wait to be healed.
 */
export class Probes {
  readonly #probing: boolean;
  readonly #intervalMs: number;
  readonly #wheel: Wheel;
  readonly #writer: Writer;
  readonly #outlet: Outlet;
  readonly #local: (protocol: string) => Address;
  readonly #token: () => string;
  readonly #branch: () => string;
  readonly #dialogs: CarriedDialogs;
  readonly #open: (hop: Hop) => void;
  readonly #silent: (hop: Hop) => void;
  readonly #probe: TimerKind;

  constructor(options: {
    /** False: nobody asks whether hops live. */
    readonly probing: boolean;
    /** A hop that carries dialogs is probed so often. */
    readonly probeIntervalMs: number;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly outlet: Outlet;
    /** Where we are reached by a protocol. */
    readonly local: (protocol: string) => Address;
    /** A fresh random token, for tags and Call-IDs. */
    readonly token: () => string;
    /** A fresh branch without a transaction. */
    readonly branch: () => string;
    readonly dialogs: CarriedDialogs;
    readonly at: (index: number) => Hop;
    /** Asks for a flow to probe by. */
    readonly open: (hop: Hop) => void;
    /** Hears that a live hop has answered none of its probes. */
    readonly silent: (hop: Hop) => void;
  }) {
    this.#probing = options.probing;
    this.#intervalMs = options.probeIntervalMs;
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#outlet = options.outlet;
    this.#local = options.local;
    this.#token = options.token;
    this.#branch = options.branch;
    this.#dialogs = options.dialogs;
    this.#open = options.open;
    this.#silent = options.silent;
    this.#probe = this.#wheel.kind((index) => this.#tick(options.at(index)));
  }

  /** Starts to probe a hop, if it needs that and is not being probed. */
  watch(hop: Hop): void {
    if (hop.probeTimer !== 0) return;
    if (!this.#needsProbe(hop)) {
      hop.state = stateAfter(hop.state, 'unneeded');
      return;
    }
    hop.probed = false;
    hop.misses = 0;
    hop.probeTimer = this.#wheel.arm(
      this.#probe,
      hop.index,
      this.#wheel.nowMs + (hop.state === 'suspect' ? 0 : this.#intervalMs),
    );
  }

  /** A hop that is not probed is probed at once, and so is one that would be soon enough only by chance; not so one that was just heard. */
  suspect(hop: Hop): void {
    if (this.#wheel.nowMs - hop.heardAtMs <= suspectIntervalMs) return;
    const isAskedSoon = this.#intervalMs <= suspectIntervalMs || hop.state === 'suspect';
    if (!isAskedSoon) this.forget(hop);
    hop.state = stateAfter(hop.state, 'unanswered');
    this.watch(hop);
  }

  /** The hop has shown that it lives. */
  heard(hop: Hop): void {
    hop.answered = true;
  }

  /** Whether hops are asked at all. */
  get asks(): boolean {
    return this.#probing;
  }

  /**
   * A probe that went by an older flow says nothing of this one. A connection is there as soon as the hop's kernel has taken it,
   * which says nothing of the hop: it is asked at once, where the answer matters. That also shows the hop that we mean to stay.
   */
  flowOpened(hop: Hop): void {
    hop.probed = false;
    if (!this.#probing || hop.flow === undefined || hop.address.protocol === 'udp') return;
    if (!hop.listed && isAlive(hop)) return;
    this.forget(hop);
    this.watch(hop);
    this.#send(hop, hop.flow);
  }

  forget(hop: Hop): void {
    this.#wheel.disarm(hop.probeTimer);
    hop.probeTimer = 0;
  }

  #needsProbe(hop: Hop): boolean {
    if (!this.#probing) return false;
    if (hop.listed) return hop.carried > 0 || (hop.state !== 'up' && this.#dialogs.count > 0);
    return hop.carried > 0 && hop.state !== 'up';
  }

  #tick(hop: Hop): void {
    hop.probeTimer = 0;
    if (!this.#needsProbe(hop)) {
      hop.state = stateAfter(hop.state, 'unneeded');
      return;
    }
    if (hop.probed && !hop.answered) hop.misses++;
    else hop.misses = 0;
    if (hop.misses >= probeMissesMax && isAlive(hop)) this.#silent(hop);
    if (hop.flow === undefined) this.#open(hop);
    else this.#send(hop, hop.flow);
    const isLast = isAlive(hop) && hop.misses === probeMissesMax - 1;
    const waitMs = isLast ? this.#paceMs(hop) * lastWaitShare : this.#paceMs(hop);
    this.forget(hop); // a BYE that it is given as it dies has it watched anew
    hop.probeTimer = this.#wheel.arm(this.#probe, hop.index, this.#wheel.nowMs + waitMs);
  }

  #paceMs(hop: Hop): number {
    return hop.state === 'suspect' ? Math.min(this.#intervalMs, suspectIntervalMs) : this.#intervalMs;
  }

  /** OPTIONS to the hop itself; its transaction is the probe's own: the next one is the retransmission. */
  #send(hop: Hop, flow: FlowId): void {
    hop.probed = true;
    hop.answered = false;
    const uri = sipUri(hop.address);
    const token = this.#token();
    this.#writer
      .text(`OPTIONS ${uri} SIP/2.0\r\n`)
      .octets(hop.via)
      .text(`${this.#branch()}\r\nMax-Forwards: 70\r\n`)
      .text(`From: <sip:probe@${hostPort(this.#local(hop.address.protocol))}>;tag=${token}\r\nTo: <${uri}>\r\n`)
      .text(`Call-ID: ${token}\r\nCSeq: 1 OPTIONS\r\n`);
    this.#outlet.send(flow, endMessage(this.#writer, undefined, undefined));
  }
}
