import type { Acks } from '../dialog/ack.ts';
import type { Challenges } from '../dialog/challenges.ts';
import { clear } from '../dialog/columns.ts';
import { ownSession } from '../dialog/own-session.ts';
import { Part } from '../dialog/record.ts';
import { beginDialogRequest, type RequestPath, routeSetPath } from '../dialog/request.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import { emptySlice, type Slice, sliceOf } from '../dialog/slice.ts';
import { anyOfferPending, DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { type Rung, rungs, usableRung } from './ladder.ts';
import { suspectAfterMs } from './limits.ts';
import type { HealEnd, Pacer } from './pacer.ts';
import type { Replacements } from './replacements.ts';
import { Phase, type RouteHealth } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';

/** A re-INVITE that has no final response for so long is cancelled: a 1xx has stopped its own timers. */
const inviteLimitMs = 32_000;

/** Bits of a heal's mark; the hop's index stands above them. */
const Mark = { routeLess: 1, offer: 2, oneRoute: 4, preset: 8, late: 16 } as const;
const markBits = 5;
const pathMark = {
  'route-set': 0,
  'route-less': Mark.routeLess,
  'one-route': Mark.oneRoute,
  preset: Mark.preset,
} as const;

/** Sends heals, at most one at a time for each dialog: refreshes by the way that the hop takes them. */
export class HealRequests {
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #transactions: ClientTransactions;
  readonly #sessions: SessionTimers;
  readonly #acks: Acks;
  readonly #challenges: Challenges;
  readonly #wheel: Wheel;
  readonly #writer: Writer;
  readonly #health: RouteHealth;
  readonly #pacer: Pacer;
  readonly #policy: RouteSetPolicy;
  readonly #replaces: boolean;
  readonly #replacements: Replacements;
  readonly #suspect: TimerKind;
  readonly #inviteLimit: TimerKind;
  /** Id of the transaction of a heal under way, by dialog; 0 where there is none. */
  readonly #underWay: Uint32Array;
  /** Dialogs whose heals name their hop in a Route, since one without was refused: not yet known to be the hop's way. */
  readonly #naming = new Set<DialogIndex>();

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly transactions: ClientTransactions;
    readonly sessions: SessionTimers;
    readonly acks: Acks;
    readonly challenges: Challenges;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly health: RouteHealth;
    readonly pacer: Pacer;
    readonly policy: RouteSetPolicy;
    readonly replaces: boolean;
    readonly replacements: Replacements;
    /** A hop has room again, since a heal by it has waited for too long. */
    readonly roomMade: (hop: Hop) => void;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#transactions = options.transactions;
    this.#sessions = options.sessions;
    this.#acks = options.acks;
    this.#challenges = options.challenges;
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#health = options.health;
    this.#pacer = options.pacer;
    this.#policy = options.policy;
    this.#replaces = options.replaces;
    this.#replacements = options.replacements;
    this.#underWay = options.table.columns.uint32();
    this.#suspect = this.#wheel.kind((dialog) => {
      const hop = this.#suspectHop(dialog);
      if (hop !== undefined) options.roomMade(hop);
    });
    this.#inviteLimit = this.#wheel.kind((dialog) => {
      this.#health.timer[dialog] = 0;
      const tx = this.#transactions.get(this.#underWay[dialog] as number);
      if (tx !== undefined) this.#transactions.cancel(tx);
    });
  }

  /**
   * Sends the heal of the dialog's rung, or of the next one that the peer can take; tells why it does not: there is no such heal at all
   * (`unable`), or none can be sent now. `user` hears what becomes of it.
   */
  send(dialog: DialogIndex, hop: Hop, user: ClientUser): 'sent' | 'offer-pending' | 'unable' | 'impossible' {
    const index = this.#rung(dialog);
    if (index === -1 || !this.#table.hasSequence(dialog)) return 'unable';
    this.#health.rung[dialog] = index;
    const rung = rungs[index] as Rung;
    if (rung.offer && this.#table.has(dialog, anyOfferPending)) return 'offer-pending';
    if (hop.flow === undefined) return 'impossible';
    const tx = this.#transactions.begin(rung.method, hop.flow, hop.address.protocol !== 'udp', user, dialog);
    if (tx === undefined) return 'impossible';
    tx.ownFlowOnly = true; // its 2xx rewrites the route: from nobody but the hop that was asked
    const path = this.#path(dialog, hop);
    this.#note(tx, dialog, hop, rung, path);
    this.#write(tx, dialog, hop, rung, path);
    return 'sent';
  }

  /** The next rung that the peer can take, or -1. */
  nextRung(dialog: DialogIndex): number {
    return this.#usableRung(dialog, (this.#health.rung[dialog] as number) + 1);
  }

  isUnderWay(tx: ClientTransaction): boolean {
    return this.#underWay[tx.owner] === tx.id;
  }

  /** A challenge to a heal is answered within the same attempt; false when the response is none, or has no answer of ours. */
  answerChallenge(tx: ClientTransaction, response: Message): boolean {
    const again = this.#challenges.answer(tx, response, tx.owner);
    if (again === undefined) return false;
    this.#underWay[tx.owner] = again.id;
    return true;
  }

  /** The dialog's heals name their hop in a Route, until an attempt has ended. */
  nameHop(dialog: DialogIndex): void {
    this.#naming.add(dialog);
  }

  attemptEnded(dialog: DialogIndex): void {
    this.#naming.delete(dialog);
  }

  /** The Route that a heal carried, as a route set. */
  routeOf(tx: ClientTransaction): Slice {
    if (isRouteLess(tx)) return emptySlice;
    const hop = this.#hops.at(tx.mark >>> markBits);
    const path = (tx.mark & Mark.preset) === 0 ? undefined : this.#hops.pathBy(hop);
    return sliceOf(path?.kind === 'preset' ? path.route : hop.route);
  }

  /** The transaction of a heal is over. Gives the hop that it went by, which may have room for another. */
  end(tx: ClientTransaction, how: HealEnd): Hop {
    this.#underWay[tx.owner] = 0;
    if ((tx.mark & Mark.offer) !== 0) this.#table.set(tx.owner, DialogFlag.offerPending, false);
    return this.#leave(tx, how);
  }

  /** Nobody wants to hear of a dialog's heal any more. Gives the hop that it went by, if one was under way. */
  forget(dialog: DialogIndex): Hop | undefined {
    this.#naming.delete(dialog);
    const tx = this.#transactions.get(this.#underWay[dialog] as number);
    clear(this.#underWay, dialog);
    if (tx === undefined) return undefined;
    const hop = this.#leave(tx, 'other');
    this.abandon(tx, hop);
    this.#replacements.end(dialog);
    return hop;
  }

  /**
   * No answer to a heal is waited for any more. One to a re-INVITE is acknowledged all the same; nobody is left to acknowledge a new
   * dialog: should the peer take that, it ends it for want of an ACK.
   */
  abandon(tx: ClientTransaction, hop: Hop): void {
    const dialog = tx.owner;
    const isReplacement = this.#replacements.isUnderWay(dialog);
    if (tx.method === 'INVITE' && !isReplacement) this.#acks.leave(tx, dialog, hop);
    else if (!isReplacement || !this.#transactions.cancel(tx)) this.#transactions.forget(tx);
  }

  /** The rung that another dialog of the peer was healed by may be none for this one: it then begins at the top. */
  #rung(dialog: DialogIndex): number {
    const index = this.#usableRung(dialog, this.#health.rung[dialog] as number);
    return index === -1 ? this.#usableRung(dialog, 0) : index;
  }

  #usableRung(dialog: DialogIndex, from: number): number {
    const state = this.#table.state[dialog];
    if (state === DialogState.early) {
      return from === 0 && this.#table.has(dialog, DialogFlag.allowsUpdate) ? 0 : -1;
    }
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    const hasSession = records.end(block, Part.session) > records.start(block, Part.session);
    return usableRung(from, {
      allowsUpdate: this.#table.has(dialog, DialogFlag.allowsUpdate),
      hasSession,
      // Not for the sake of a BYE: a dialog that ends needs no successor.
      allowsReplaces: this.#replaces && state === DialogState.confirmed && this.#table.has(dialog, DialogFlag.replaces),
    });
  }

  #path(dialog: DialogIndex, hop: Hop): RequestPath {
    if (this.#policy === 'rfc3261') return routeSetPath;
    return this.#naming.has(dialog) ? { kind: 'one-route', route: hop.route } : this.#hops.pathBy(hop);
  }

  #note(tx: ClientTransaction, dialog: DialogIndex, hop: Hop, { offer }: Rung, path: RequestPath): void {
    this.#health.phase[dialog] = Phase.healing;
    this.#pacer.begin(hop);
    this.#underWay[dialog] = tx.id;
    tx.mark = (hop.index << markBits) | (offer ? Mark.offer : 0) | pathMark[path.kind];
    if (offer) this.#table.set(dialog, DialogFlag.offerPending, true);
    this.#health.timer[dialog] = this.#wheel.arm(this.#suspect, dialog, this.#wheel.nowMs + unansweredMs(tx));
  }

  /** A heal has waited for its final response for too long: its hop is asked whether it lives, and others get its place. Gives the hop. */
  #suspectHop(dialog: DialogIndex): Hop | undefined {
    this.#health.timer[dialog] = 0;
    const tx = this.#transactions.get(this.#underWay[dialog] as number);
    if (tx === undefined) return undefined;
    const hop = this.#hops.at(tx.mark >>> markBits);
    tx.mark |= Mark.late;
    this.#pacer.late(hop, tx.state === 'trying' || tx.state === 'calling');
    this.#hops.suspect(hop);
    if (tx.method === 'INVITE') {
      const limitMs = this.#wheel.nowMs + inviteLimitMs - unansweredMs(tx);
      this.#health.timer[dialog] = this.#wheel.arm(this.#inviteLimit, dialog, limitMs);
    }
    return hop;
  }

  #write(tx: ClientTransaction, dialog: DialogIndex, hop: Hop, rung: Rung, path: RequestPath): void {
    const writer = this.#writer;
    const { method, offer, replaces } = rung;
    const sequence = this.#table.nextSequence(dialog);
    const identity = replaces ? this.#replacements.begin(dialog) : undefined;
    beginDialogRequest(writer, this.#table, dialog, {
      method,
      sequence,
      via: hop.via,
      tx,
      path,
      identity,
    });
    if (replaces) this.#replacements.write(writer, dialog);
    this.#sessions.writeRefresh(writer, dialog);
    this.#transactions.start(
      tx,
      endMessage(writer, offer ? 'application/sdp' : undefined, offer ? ownSession(this.#table, dialog) : undefined),
    );
  }

  #leave(tx: ClientTransaction, how: HealEnd): Hop {
    const hop = this.#hops.at(tx.mark >>> markBits);
    this.#pacer.end(hop, how, (tx.mark & Mark.late) !== 0);
    return hop;
  }
}

function unansweredMs({ reliable }: ClientTransaction): number {
  return reliable ? suspectAfterMs.reliable : suspectAfterMs.unreliable;
}

/** Whether a heal went without a Route. */
export function isRouteLess(tx: ClientTransaction): boolean {
  return (tx.mark & Mark.routeLess) !== 0;
}

/** Whether a heal went with one Route, that names its hop. */
export function isByOneRoute(tx: ClientTransaction): boolean {
  return (tx.mark & Mark.oneRoute) !== 0;
}
