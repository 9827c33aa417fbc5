import type { Acks } from '../dialog/ack.ts';
import { Part } from '../dialog/record.ts';
import { beginDialogRequest, type RequestPath, resilienceTag, routeLessPath, routeSetPath } from '../dialog/request.ts';
import { RouteSetBuilder } from '../dialog/route-set.ts';
import { hashDescription } from '../dialog/session-description.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import { emptySlice, sliceOf } from '../dialog/slab.ts';
import { DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import type { ClientTransaction, ClientTransactions, ClientUser } from '../transaction/client.ts';
import { type BreakCause, classifyHealResponse } from './classify.ts';
import type { Hop, Hops } from './hops.ts';
import { rungs, usableRung } from './ladder.ts';
import { nextHop } from './next-hop.ts';
import { DialogQueue } from './queue.ts';
import { Phase, RouteHealth } from './route-health.ts';
import { delayAfterMs, glareDelayMs, retryAfterMs } from './schedule.ts';

/**
 * `ms-sipre` rewrites route sets on our own heals and on refreshes of a peer that negotiated it; `rfc3261` never does, and
 * heals by the route set that the dialog was set up with.
 */
export type RouteSetPolicy = 'ms-sipre' | 'rfc3261';

/** Hears what becomes of dialogs' routes. */
export interface HealerUser {
  /** `healthy` became `recovering`, or the reverse. */
  statusChanged(dialog: DialogIndex): void;
  /** The route works again; requests that waited for it can go. */
  healed(dialog: DialogIndex, by: 'local' | 'remote'): void;
  /** The heal that requests wait for has failed; `response` is what the heal ended with, if it was a response. */
  quickHealFailed(dialog: DialogIndex, response: Message | undefined): void;
  /** The verdict of the last rung: there is no such dialog any more. */
  gone(dialog: DialogIndex, status: number): void;
  /** The answer to our unchanged offer is another than the last. */
  sessionChanged(dialog: DialogIndex, response: Message): void;
}

/** So many heals are under way by one hop at a time: what its receive buffer holds, even where the kernel caps it at 212,992 octets. */
const healingWindow = 64;

/** A heal with an offer waits for a pending offer; it looks again so often. */
const pendingOfferDelayMs = 500;

/** A re-INVITE that has no final response for so long is cancelled: a 1xx has stopped its own timers. */
const inviteLimitMs = 32_000;

/**
 * Heals dialogs: one heal at a time each, down the ladder and along the schedule, for as long as it takes.
 *
 * A dialog is idle, queued for its turn, healing (a transaction is under way), or waiting (for the schedule, or for a hop to
 * come back). All that wait for a live hop stand in the queue; the schedule's waiting times are timers.
 */
export class Healer implements ClientUser {
  readonly health: RouteHealth;
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #transactions: ClientTransactions;
  readonly #sessions: SessionTimers;
  readonly #acks: Acks;
  readonly #wheel: Wheel;
  readonly #writer: Writer;
  readonly #user: HealerUser;
  readonly #policy: RouteSetPolicy;
  readonly #random: () => number;
  readonly #routes = new RouteSetBuilder();
  readonly #queue = new DialogQueue();
  readonly #urgent = new DialogQueue();
  readonly #retry: TimerKind;
  readonly #inviteLimit: TimerKind;
  /** Dialogs that wait for one hop alone, since they may be healed by no other: by the hop's index. */
  readonly #parked = new Map<number, DialogQueue>();
  /** Transaction id by dialog, of heals under way. */
  readonly #underWay = new Map<DialogIndex, number>();

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly transactions: ClientTransactions;
    readonly sessions: SessionTimers;
    readonly acks: Acks;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly user: HealerUser;
    readonly policy: RouteSetPolicy;
    /** Gives numbers in [0, 1). */
    readonly random: () => number;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#transactions = options.transactions;
    this.#sessions = options.sessions;
    this.#acks = options.acks;
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#user = options.user;
    this.#policy = options.policy;
    this.#random = options.random;
    this.health = new RouteHealth(options.table.capacity);
    this.#retry = this.#wheel.kind((dialog) => {
      this.health.timer[dialog] = 0;
      this.health.nextAttemptAtMs[dialog] = 0;
      this.#enqueue(dialog, false);
      this.pump();
    });
    this.#inviteLimit = this.#wheel.kind((dialog) => {
      this.health.timer[dialog] = 0;
      const tx = this.#transactions.get(this.#underWay.get(dialog) ?? 0);
      if (tx !== undefined) this.#transactions.cancel(tx);
    });
  }

  /** A dialog begins. */
  begin(dialog: DialogIndex): void {
    this.health.reset(dialog, this.#wheel.nowMs);
  }

  /** A dialog ends: whatever is under way for it is forgotten. */
  end(dialog: DialogIndex): void {
    const wasHealing = this.health.phase[dialog] === Phase.healing;
    this.#disarm(dialog);
    this.#forget(dialog);
    this.health.phase[dialog] = Phase.idle;
    this.health.recovering[dialog] = 0;
    if (wasHealing) this.pump();
  }

  /**
   * The route of a dialog is broken: `recovering` from now on, its session timer paused, healing queued.
   * The caller has failed the requests that found it out, and calls `pump` when all dialogs of the break are marked.
   */
  breakRoute(dialog: DialogIndex, cause: BreakCause, status: number): void {
    if (this.health.recovering[dialog] === 1 || this.#table.state[dialog] !== DialogState.confirmed) return;
    this.health.markBroken(dialog, this.#wheel.nowMs, cause, status);
    this.#sessions.pause(dialog);
    this.#user.statusChanged(dialog);
    if (this.health.phase[dialog] === Phase.idle) this.#enqueueBroken(dialog);
  }

  /** Heals a dialog for the sake of requests that wait for it; the program hears nothing unless it fails. */
  quickHeal(dialog: DialogIndex): void {
    const joins = this.health.quick[dialog] === 1 && this.health.phase[dialog] === Phase.queued;
    this.health.quick[dialog] = 1;
    if (joins || this.health.phase[dialog] === Phase.healing) return;
    this.#disarm(dialog);
    this.#enqueue(dialog, true);
    this.pump();
  }

  /** The requests that waited for a quick heal are gone: what is under way for it goes on as an ordinary heal. */
  endQuickHeal(dialog: DialogIndex): void {
    this.health.quick[dialog] = 0;
  }

  /** The peer's refresh brought a new route, which the caller has put into the table. */
  healedByRemote(dialog: DialogIndex): void {
    if (this.health.phase[dialog] !== Phase.healing) {
      this.#disarm(dialog);
      this.health.phase[dialog] = Phase.idle;
    }
    this.#healed(dialog, 'remote', false);
  }

  /** A hop is up again: the schedules of all that wait and may be healed by it begin anew. */
  hopReturned(hop: Hop): void {
    const { recovering } = this.health;
    if (!this.#anyHopHeals()) {
      this.#hops.eachDialog(hop, (dialog) => this.#beginAnew(dialog));
      this.#unpark(hop.index, Number.POSITIVE_INFINITY);
    } else if (hop.listed) {
      for (const index of [...this.#parked.keys()]) this.#unpark(index, Number.POSITIVE_INFINITY);
      for (let dialog = recovering.indexOf(1); dialog !== -1; dialog = recovering.indexOf(1, dialog + 1)) {
        this.#beginAnew(dialog);
      }
    }
    this.pump();
  }

  /** A hop takes requests again: whoever waited for it goes on. */
  hopFree(hop: Hop): void {
    this.#unpark(hop.index, Number.POSITIVE_INFINITY);
    this.pump();
  }

  /** Starts heals while there are some to start, a live hop to send them by, and room in its window. */
  pump(): void {
    while (this.#pumpOne(this.#urgent) || this.#pumpOne(this.#queue));
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    if (this.#underWay.get(dialog) !== tx.id) {
      this.#acks.repeat(tx);
      return;
    }
    const hop = this.#endTransaction(tx, dialog);
    const lastRung = this.#nextRung(dialog) === -1;
    const routeLess = tx.mark % 2 === 1;
    const verdict = classifyHealResponse(message.status, routeLess, lastRung);
    if (verdict !== 'healed' && this.#isStale(dialog)) {
      this.#attemptFailed(dialog, message);
      this.pump();
      return;
    }
    switch (verdict) {
      case 'healed': {
        const adopted = this.#adopt(dialog, message, hop, routeLess);
        // Whatever it carries, a 2xx to INVITE is acknowledged, or the peer ends the session.
        if (tx.method === 'INVITE') this.#acks.send(tx, dialog, message.cseq.number, this.#hops.of(dialog) ?? hop);
        if (adopted) this.#healedByUs(dialog, message);
        else this.#attemptFailed(dialog, undefined);
        break;
      }
      case 'other-path':
        hop.path = 'one-route';
        this.#enqueue(dialog, true);
        break;
      case 'next-rung':
        this.health.rung[dialog] = this.#nextRung(dialog);
        this.#enqueue(dialog, true);
        break;
      case 'glare':
        this.#wait(dialog, glareDelayMs(this.#table.has(dialog, DialogFlag.callIdOwner), this.#random()));
        break;
      case 'later':
        if (!routeLess) hop.path = 'route-less';
        if (message.status === 503) this.#hops.hold(hop, this.#wheel.nowMs + retryAfterMs(message));
        this.#attemptFailed(dialog, message);
        break;
      case 'gone':
        this.#gone(dialog, message);
        break;
    }
    this.pump();
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const dialog = tx.owner;
    if (this.#underWay.get(dialog) !== tx.id) return;
    this.#endTransaction(tx, dialog);
    this.#attemptFailed(dialog, undefined);
    if (why === 'timeout') this.pump(); // whoever lost the flow pumps when all of its dialogs are marked
  }

  #pumpOne(queue: DialogQueue): boolean {
    const dialog = queue.peek();
    if (dialog === -1) return false;
    if (this.health.phase[dialog] !== Phase.queued) {
      queue.drop();
      return true;
    }
    const hop = this.#hopFor(dialog);
    if (hop === undefined && this.#anyHopHeals()) return false;
    queue.drop();
    if (hop === undefined) {
      this.#park(dialog);
    } else {
      this.health.phase[dialog] = Phase.idle;
      this.#start(dialog, hop);
    }
    return true;
  }

  /** Whether each hop of the list may heal each dialog. If not, there is only a dialog's own. */
  #anyHopHeals(): boolean {
    return this.#policy === 'ms-sipre' && this.#hops.listed.length > 0;
  }

  /** The hop that answered is asked first; later attempts go round. Undefined when none is alive, or has room in its window. */
  #hopFor(dialog: DialogIndex): Hop | undefined {
    const own = this.#hops.of(dialog);
    if (this.#anyHopHeals()) {
      return this.#hops.pick((this.health.attempt[dialog] as number) % 2 === 0 ? own : undefined, healingWindow);
    }
    return own !== undefined && this.#hops.usable(own) && own.healing < healingWindow ? own : undefined;
  }

  /** Takes a dialog aside until its own hop has room, so that it holds up none of those behind it. */
  #park(dialog: DialogIndex): void {
    const index = this.#hops.of(dialog)?.index ?? -1;
    const queue = this.#parked.get(index) ?? new DialogQueue();
    this.#parked.set(index, queue);
    queue.push(dialog);
  }

  #unpark(index: number, most: number): void {
    const parked = this.#parked.get(index);
    if (parked === undefined) return;
    for (let left = most; left > 0 && parked.count > 0; ) {
      const dialog = parked.peek();
      parked.drop();
      if (this.health.phase[dialog] !== Phase.queued) continue;
      this.#queue.push(dialog);
      left--;
    }
    if (parked.count === 0) this.#parked.delete(index);
  }

  #beginAnew(dialog: DialogIndex): void {
    if (this.health.recovering[dialog] === 0) return;
    this.health.attempt[dialog] = 0;
    if (this.health.phase[dialog] !== Phase.waiting) return;
    this.#disarm(dialog);
    this.#enqueue(dialog, false);
  }

  #start(dialog: DialogIndex, hop: Hop): void {
    this.health.healGeneration[dialog] = this.health.generation[dialog] as number;
    const rung = this.#usableRung(dialog, this.health.rung[dialog] as number);
    if (rung === -1) {
      this.#attemptFailed(dialog, undefined);
      return;
    }
    this.health.rung[dialog] = rung;
    const { method, offer } = rungs[rung] as (typeof rungs)[number];
    if (offer && this.#offerPending(dialog)) {
      this.#wait(dialog, pendingOfferDelayMs);
      return;
    }
    const tx =
      hop.flow === undefined
        ? undefined
        : this.#transactions.begin(method, hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined) {
      this.#attemptFailed(dialog, undefined);
      return;
    }
    const path = this.#path(hop);
    this.health.phase[dialog] = Phase.healing;
    hop.healing++;
    this.#underWay.set(dialog, tx.id);
    tx.mark = hop.index * 4 + (offer ? 2 : 0) + (path.kind === 'route-less' ? 1 : 0);
    if (offer) this.#table.set(dialog, DialogFlag.offerPending, true);
    if (method === 'INVITE') {
      this.health.timer[dialog] = this.#wheel.arm(this.#inviteLimit, dialog, this.#wheel.nowMs + inviteLimitMs);
    }
    const sequence = (this.#table.localSequence[dialog] as number) + 1;
    this.#table.localSequence[dialog] = sequence;
    const writer = this.#writer;
    beginDialogRequest(writer, this.#table, dialog, { method, sequence, via: hop.via, branch: tx.branch, path });
    this.#sessions.writeRefresh(writer, dialog);
    this.#transactions.start(
      tx,
      endMessage(writer, offer ? 'application/sdp' : undefined, offer ? this.#session(dialog) : undefined),
    );
  }

  #path(hop: Hop): RequestPath {
    if (this.#policy === 'rfc3261') return routeSetPath;
    return hop.path === 'route-less' ? routeLessPath : { kind: 'one-route', route: hop.route };
  }

  #endTransaction(tx: ClientTransaction, dialog: DialogIndex): Hop {
    this.#underWay.delete(dialog);
    this.#disarm(dialog);
    this.health.phase[dialog] = Phase.idle;
    if ((tx.mark & 2) !== 0) this.#table.set(dialog, DialogFlag.offerPending, false);
    const hop = this.#hops.at(tx.mark >>> 2);
    hop.healing--;
    this.#unpark(hop.index, 1);
    return hop;
  }

  /** A heal that began under an older route than the dialog has now. */
  #isStale(dialog: DialogIndex): boolean {
    return this.health.healGeneration[dialog] !== this.health.generation[dialog];
  }

  /** Takes the new route from a 2xx. False when what it carries cannot be a route. */
  #adopt(dialog: DialogIndex, message: Message, hop: Hop, routeLess: boolean): boolean {
    const table = this.#table;
    if (message.contact.presence === 'malformed') return false;
    const recorded = this.#policy === 'rfc3261' ? undefined : this.#routes.fromResponse(message);
    if (this.#policy === 'ms-sipre' && (recorded === undefined || !this.#routes.loose())) return false;
    const recordedCount = recorded === undefined ? 0 : this.#routes.count;
    let routes = recorded;
    if (recorded !== undefined && recordedCount === 0) routes = routeLess ? emptySlice : sliceOf(hop.route);
    if (!table.update(dialog, targetOf(message), routes, undefined)) return false;
    this.#hops.attach(dialog, nextHop(table, this.#hops, dialog, hop) ?? hop);
    return true;
  }

  #healedByUs(dialog: DialogIndex, message: Message): void {
    const table = this.#table;
    if (message.first(HeaderId.Supported) !== -1) {
      table.set(dialog, DialogFlag.resilient, message.hasToken(HeaderId.Supported, resilienceTag));
    }
    if (message.sessionExpires.presence === 'present') this.#sessions.agreeAsClient(dialog, message);
    const recorded = this.#policy === 'ms-sipre' && message.first(HeaderId.RecordRoute) !== -1;
    this.noteAnswer(dialog, message);
    this.#healed(dialog, 'local', recorded && table.has(dialog, DialogFlag.resilient));
  }

  /** The session description in an answer to our unchanged offer: another than the last is told. */
  noteAnswer(dialog: DialogIndex, message: Message): void {
    if (message.body.end === message.body.start) return;
    const hash = hashDescription(message.bytes, message.body.start, message.body.end);
    const changed = this.#table.remoteSession[dialog] !== 0 && this.#table.remoteSession[dialog] !== hash;
    this.#table.remoteSession[dialog] = hash;
    if (changed) this.#user.sessionChanged(dialog, message);
  }

  #healed(dialog: DialogIndex, by: 'local' | 'remote', peerRouteRefreshed: boolean): void {
    const wasRecovering = this.health.recovering[dialog] === 1;
    this.health.quick[dialog] = 0;
    this.health.attempt[dialog] = 0;
    this.health.markHealed(dialog, this.#wheel.nowMs, by, peerRouteRefreshed);
    this.#sessions.restart(dialog);
    if (wasRecovering) this.#user.statusChanged(dialog);
    this.#user.healed(dialog, by);
  }

  /** A result that began under an older route says nothing of the one that the peer has brought meanwhile. */
  #attemptFailed(dialog: DialogIndex, response: Message | undefined): void {
    const { health } = this;
    health.phase[dialog] = Phase.idle;
    if (this.#isStale(dialog)) {
      if (health.recovering[dialog] === 1 || health.quick[dialog] === 1) this.#enqueue(dialog, true);
      return;
    }
    if (health.quick[dialog] === 1) {
      health.quick[dialog] = 0;
      this.#user.quickHealFailed(dialog, response);
    }
    if (health.recovering[dialog] === 0) {
      if (this.#table.sessionTimer[dialog] === 0) this.#sessions.retry(dialog); // it was a refresh that had to be healed
      return;
    }
    health.attempt[dialog] = Math.min((health.attempt[dialog] as number) + 1, 0xffff);
    const delayMs = delayAfterMs(health.attempt[dialog] as number, this.#random());
    // A 503 speaks for its hop, which is held; another hop may be asked before.
    const ownDelayMs = response === undefined || response.status === 503 ? 0 : retryAfterMs(response);
    this.#wait(dialog, Math.max(delayMs, ownDelayMs));
  }

  #gone(dialog: DialogIndex, message: Message): void {
    if (this.health.quick[dialog] === 1) {
      this.health.quick[dialog] = 0;
      this.#user.quickHealFailed(dialog, message);
    }
    this.#user.gone(dialog, message.status);
  }

  #enqueue(dialog: DialogIndex, urgent: boolean): void {
    this.health.phase[dialog] = Phase.queued;
    (urgent ? this.#urgent : this.#queue).push(dialog);
  }

  /**
   * Both ends of a break walk much the same dialogs in the same order. The owner of the Call-ID takes them from the front, the
   * other end from the back, so that they meet in the middle instead of healing each dialog twice.
   */
  #enqueueBroken(dialog: DialogIndex): void {
    this.health.phase[dialog] = Phase.queued;
    if (this.#table.has(dialog, DialogFlag.callIdOwner)) this.#queue.push(dialog);
    else this.#queue.pushFirst(dialog);
  }

  #wait(dialog: DialogIndex, delayMs: number): void {
    const atMs = this.#wheel.nowMs + delayMs;
    this.health.phase[dialog] = Phase.waiting;
    this.health.nextAttemptAtMs[dialog] = atMs;
    this.health.timer[dialog] = this.#wheel.arm(this.#retry, dialog, atMs);
  }

  #disarm(dialog: DialogIndex): void {
    this.#wheel.disarm(this.health.timer[dialog] as number);
    this.health.timer[dialog] = 0;
    this.health.nextAttemptAtMs[dialog] = 0;
  }

  #forget(dialog: DialogIndex): void {
    const id = this.#underWay.get(dialog);
    if (id === undefined) return;
    this.#underWay.delete(dialog);
    const tx = this.#transactions.get(id);
    if (tx === undefined) return;
    const hop = this.#hops.at(tx.mark >>> 2);
    hop.healing--;
    this.#unpark(hop.index, 1);
    this.#transactions.forget(tx);
  }

  #usableRung(dialog: DialogIndex, from: number): number {
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    const hasSession = records.end(block, Part.session) > records.start(block, Part.session);
    return usableRung(from, this.#table.has(dialog, DialogFlag.allowsUpdate), hasSession);
  }

  #nextRung(dialog: DialogIndex): number {
    return this.#usableRung(dialog, (this.health.rung[dialog] as number) + 1);
  }

  #offerPending(dialog: DialogIndex): boolean {
    return this.#table.has(dialog, DialogFlag.offerPending) || this.#table.has(dialog, DialogFlag.remoteInvitePending);
  }

  #session(dialog: DialogIndex): Uint8Array {
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    return records.bytes(block).subarray(records.start(block, Part.session), records.end(block, Part.session));
  }
}
