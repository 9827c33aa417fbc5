import type { Acks } from '../dialog/ack.ts';
import type { Challenges } from '../dialog/challenges.ts';
import { hashDescription } from '../dialog/session-description.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import { DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import type { Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import { Attempts } from './attempts.ts';
import { BreakLimits } from './break-limits.ts';
import { type BreakCause, type Mender, menderOf } from './classify.ts';
import { HealRequests } from './heal-requests.ts';
import { HealVerdicts } from './heal-verdicts.ts';
import type { HealerUser } from './healer-user.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { MediaGuard } from './media-guard.ts';
import { Pacer } from './pacer.ts';
import { PeerMemory } from './peer-memory.ts';
import type { RecoveryPolicy } from './policy.ts';
import { Registration } from './registration.ts';
import { Replacements } from './replacements.ts';
import { Phase, RouteHealth, type RouteStatus } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';
import { WaitingLine } from './waiting-line.ts';

/** A heal with an offer waits for a pending offer; it looks again so often. */
const pendingOfferDelayMs = 500;

/**
 * Heals dialogs: one heal at a time each, down the ladder and along the schedule, for as long as it takes.
 *
 * A dialog is idle, queued for its turn, healing (a transaction is under way), waiting (for the schedule, or for a hop to
 * come back), or registering (our registration is refreshed first). All that wait for a live hop stand in the waiting line; the schedule's
 * waiting times are timers.
 */
export class Healer {
  readonly health: RouteHealth;
  /** Where the program says how a refresh of its registration ended. */
  readonly registration: Registration;
  /** Where the program says whether media flow. */
  readonly media: MediaGuard;
  readonly #limits: BreakLimits;
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #sessions: SessionTimers;
  readonly #wheel: Wheel;
  readonly #user: HealerUser;
  readonly #recovery: RecoveryPolicy;
  readonly #attempts: Attempts;
  readonly #line: WaitingLine;
  readonly #requests: HealRequests;
  readonly #verdicts: HealVerdicts;
  readonly #peers: PeerMemory;
  readonly #replacements: Replacements;

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly transactions: ClientTransactions;
    readonly sessions: SessionTimers;
    readonly acks: Acks;
    readonly challenges: Challenges;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly user: HealerUser;
    readonly policy: RouteSetPolicy;
    readonly recovery: RecoveryPolicy;
    /** Heals under way at a time, at most. */
    readonly healBudget?: number | undefined;
    /** So many engines share the windows of hops. */
    readonly windowShare?: number | undefined;
    /** 128 random bits as text, for tags and Call-IDs. */
    readonly token: () => string;
    /** A fresh Call-ID. */
    readonly callId: () => string;
    /** Gives numbers in [0, 1). */
    readonly random: () => number;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#sessions = options.sessions;
    this.#wheel = options.wheel;
    this.#user = options.user;
    this.#recovery = options.recovery;
    this.health = new RouteHealth(options.table.columns);
    this.#attempts = new Attempts({
      ...options,
      health: this.health,
      schedule: this.#recovery.schedule,
      due: (dialog) => {
        this.#line.join(dialog);
        this.pump();
      },
    });
    this.registration = new Registration({
      wheel: this.#wheel,
      schedule: this.#recovery.schedule,
      random: options.random,
      user: {
        refreshRegistration: (refresh) => this.#user.refreshRegistration(refresh),
        registrationRefreshed: (dialogs, first) => this.#registrationRefreshed(dialogs, first),
      },
    });
    this.#limits = new BreakLimits({
      wheel: this.#wheel,
      columns: options.table.columns,
      limitMs: this.#recovery.breakLimitMs,
      reached: (dialog) => this.#user.givenUp(dialog, 'recovery-failed'),
    });
    this.media = new MediaGuard({
      wheel: this.#wheel,
      timeoutMs: this.#recovery.mediaTimeoutMs,
      timedOut: (dialog) => this.#user.givenUp(dialog, 'media-timeout'),
    });
    const roomMade = (hop: Hop): void => {
      this.#line.releaseSome(hop);
      this.pump();
    };
    const pacer = new Pacer({
      hops: this.#hops,
      wheel: this.#wheel,
      budget: options.healBudget,
      share: options.windowShare,
      roomMade,
    });
    this.#line = new WaitingLine({ ...options, health: this.health, pacer });
    this.#peers = new PeerMemory(options.table);
    this.#replacements = new Replacements(options.table, options);
    this.#requests = new HealRequests({
      ...options,
      health: this.health,
      pacer,
      replaces: options.recovery.replaces,
      replacements: this.#replacements,
      roomMade,
    });
    this.#verdicts = new HealVerdicts({
      ...options,
      health: this.health,
      attempts: this.#attempts,
      limits: this.#limits,
      media: this.media,
      line: this.#line,
      requests: this.#requests,
      peers: this.#peers,
      replacements: this.#replacements,
      healer: {
        breakRoute: (dialog, cause, status, mender) => this.breakRoute(dialog, cause, status, mender),
        awaitRegistration: (dialog) => this.#awaitRegistration(dialog),
        noteAnswer: (dialog, message) => this.noteAnswer(dialog, message),
        pump: () => this.pump(),
      },
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
    this.#limits.end(dialog);
    this.media.dialogEnded(dialog);
    const hop = this.#requests.forget(dialog);
    if (hop !== undefined) this.#line.releaseSome(hop);
    this.health.phase[dialog] = Phase.idle;
    this.health.recovering[dialog] = 0;
    this.health.quick[dialog] = 0;
    if (wasHealing) this.pump();
  }

  /**
   * The route of a dialog is broken: `recovering` from now on, its session timer paused, healing queued unless it is left to the
   * far end. The caller has failed the requests that found it out, and calls `pump` when all dialogs of the break are marked.
   */
  breakRoute(dialog: DialogIndex, cause: BreakCause, status: number, mender: Mender = 'either'): void {
    const { health } = this;
    if (this.#table.state[dialog] !== DialogState.confirmed) return;
    const isNew = health.recovering[dialog] === 0;
    if (isNew) {
      if (health.quick[dialog] === 1) {
        health.quick[dialog] = 0; // what is under way goes on as an ordinary heal
        this.#user.brokeMeanwhile(dialog);
      }
      if (health.phase[dialog] === Phase.idle) this.#beginWalk(dialog);
      health.markBroken(dialog, this.#wheel.nowMs, cause, status);
      health.left[dialog] = this.#recovery.passive && mender === 'either' ? 1 : 0;
      this.#limits.begin(dialog);
      this.media.routeBroken(dialog);
      this.#sessions.suspend(dialog);
      this.#user.statusChanged(dialog);
    } else if (mender === 'either') {
      return;
    } else {
      health.left[dialog] = 0;
    }
    if (mender === 'registration' && this.#awaitRegistration(dialog)) return;
    if (health.left[dialog] === 0 && health.phase[dialog] === Phase.idle) this.#line.joinBroken(dialog);
  }

  /** Heals a dialog now, broken or not, and begins its schedule anew; a heal that is under way will do. */
  healNow(dialog: DialogIndex): void {
    if (this.#leavesSchedule(dialog)) this.#line.joinUrgent(dialog);
  }

  /** Heals every dialog, broken or not, each in its turn. */
  healAll(): void {
    const { state } = this.#table;
    for (
      let dialog = state.indexOf(DialogState.confirmed);
      dialog !== -1;
      dialog = state.indexOf(DialogState.confirmed, dialog + 1)
    ) {
      this.healInTurn(dialog);
    }
    this.pump();
  }

  /** Heals a dialog, broken or not, behind all that wait already. The caller calls `pump`. */
  healInTurn(dialog: DialogIndex): void {
    if (this.#leavesSchedule(dialog)) this.#line.join(dialog);
  }

  status(dialog: DialogIndex): RouteStatus {
    return this.health.status(dialog, this.#table.has(dialog, DialogFlag.resilient));
  }

  /** An early dialog is healed by UPDATE alone, and only for the sake of requests: a break of its route is its INVITE's affair. */
  mayHeal(dialog: DialogIndex): boolean {
    const state = this.#table.state[dialog];
    if (state === DialogState.early) return this.#table.has(dialog, DialogFlag.allowsUpdate);
    return state === DialogState.confirmed;
  }

  /** A heal is under way, or requests wait for one. */
  isHealing(dialog: DialogIndex): boolean {
    return this.health.phase[dialog] === Phase.healing || this.health.quick[dialog] === 1;
  }

  /**
   * Heals a dialog for the sake of requests that wait for it; the program hears nothing unless it fails. The route is then broken
   * by what led to the heal: `cause` and `status`.
   */
  quickHeal(dialog: DialogIndex, cause: BreakCause, status: number, mender: Mender): void {
    if (!this.mayHeal(dialog)) return;
    if (this.health.recovering[dialog] === 0) this.health.noteCause(dialog, cause, status);
    this.health.left[dialog] = this.#recovery.passive && mender === 'either' ? 1 : 0;
    this.#healQuickly(dialog);
  }

  /** Heals a dialog for the sake of the BYE that ends it. */
  healEnding(dialog: DialogIndex): void {
    this.#healQuickly(dialog);
  }

  #healQuickly(dialog: DialogIndex): void {
    const joins = this.health.quick[dialog] === 1 && this.health.phase[dialog] === Phase.queued;
    if (this.health.recovering[dialog] === 0 && this.health.phase[dialog] === Phase.idle) this.#beginWalk(dialog);
    this.health.quick[dialog] = 1;
    if (joins || this.health.phase[dialog] === Phase.healing) return;
    this.#disarm(dialog);
    this.#line.joinUrgent(dialog);
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
    this.#verdicts.healed(dialog, 'remote', false, false);
  }

  /** The peer has put a new dialog in the place of this one, whose identity and route the caller has put into the table. */
  replacedByRemote(dialog: DialogIndex): void {
    this.#disarm(dialog);
    const hop = this.#requests.forget(dialog);
    if (hop !== undefined) this.#line.releaseSome(hop);
    this.health.phase[dialog] = Phase.idle;
    this.#verdicts.healed(dialog, 'remote', false, true);
    this.pump();
  }

  /** The peer has ended the dialog that we are replacing: true when its answer to the new one decides. @see RFC 3891 §3 */
  oldDialogEnded(dialog: DialogIndex): boolean {
    return this.#replacements.oldEnded(dialog);
  }

  /** The session description in an answer to our unchanged offer: another than the last is told. */
  noteAnswer(dialog: DialogIndex, message: Message): void {
    if (message.body.end === message.body.start) return;
    const hash = hashDescription(message.bytes, message.body.start, message.body.end);
    const changed = this.#table.remoteSession[dialog] !== 0 && this.#table.remoteSession[dialog] !== hash;
    this.#table.remoteSession[dialog] = hash;
    if (changed) this.#user.sessionChanged(dialog, message);
  }

  /** A hop is up again: the schedules of all that wait and may be healed by it begin anew. */
  hopReturned(hop: Hop): void {
    const { recovering } = this.health;
    if (!this.#line.anyHopHeals) {
      this.#hops.eachDialog(hop, (dialog) => this.#beginAnew(dialog));
      this.#line.release(hop);
    } else if (hop.listed) {
      this.#line.releaseAll();
      for (let dialog = recovering.indexOf(1); dialog !== -1; dialog = recovering.indexOf(1, dialog + 1)) {
        this.#beginAnew(dialog);
      }
    }
    this.pump();
  }

  /** The requests of a dialog go to another hop, though nobody has renewed its route: a broken one is tried that way at once. */
  hopChanged(dialog: DialogIndex): void {
    const { recovering, left, phase } = this.health;
    if (recovering[dialog] === 0 || left[dialog] === 1) return;
    if (phase[dialog] === Phase.waiting) this.#disarm(dialog);
    else if (phase[dialog] !== Phase.queued) return;
    this.#line.join(dialog); // where it stands already it may wait for the other hop alone
    this.pump();
  }

  /** A hop takes requests again: whoever waited for it goes on. */
  hopFree(hop: Hop): void {
    this.#line.release(hop);
    this.pump();
  }

  /** Starts heals while there are some to start, a live hop to send them by, and room in its window. */
  pump(): void {
    for (let turn = this.#line.next(); turn !== undefined; turn = this.#line.next()) this.#start(turn.dialog, turn.hop);
  }

  /** A walk down the ladder begins where it ended well with this peer, for a while; else at the top. */
  #beginWalk(dialog: DialogIndex): void {
    this.health.rung[dialog] = this.#peers.rung(dialog, this.#wheel.nowMs);
  }

  #beginAnew(dialog: DialogIndex): void {
    if (this.health.recovering[dialog] === 0) return;
    this.health.attempt[dialog] = 0;
    if (this.health.phase[dialog] !== Phase.waiting) return;
    this.#disarm(dialog);
    this.#line.join(dialog);
  }

  #start(dialog: DialogIndex, hop: Hop): void {
    this.health.healGeneration[dialog] = this.health.generation[dialog] as number;
    switch (this.#requests.send(dialog, hop, this.#verdicts)) {
      case 'sent':
        break;
      case 'offer-pending':
        this.#attempts.wait(dialog, pendingOfferDelayMs);
        break;
      case 'impossible':
        this.#verdicts.failed(dialog, 'flow-lost');
        break;
      case 'unable':
        this.#verdicts.unable(dialog);
        break;
    }
  }

  /** Leaves a dialog to wait for a refresh of our registration. False where nobody refreshes it, or a heal is under way. */
  #awaitRegistration(dialog: DialogIndex): boolean {
    if (!this.#recovery.refreshesRegistration || this.health.phase[dialog] === Phase.healing) return false;
    this.#disarm(dialog);
    this.health.phase[dialog] = Phase.registering;
    this.registration.await(dialog);
    return true;
  }

  /** What ends a dialog was refused for want of our registration. Has it refreshed; all that live are healed then, as ever. */
  endingRefused(dialog: DialogIndex, response: Message): void {
    if (this.#recovery.refreshesRegistration && menderOf(response) === 'registration')
      this.registration.awaitEnd(dialog);
  }

  /** All dialogs of the endpoint are healed, not only those that found out. @see [MS-SIPRE] §3.7.5.3.1 */
  #registrationRefreshed(dialogs: readonly DialogIndex[], first: boolean): void {
    for (const dialog of dialogs) this.#line.join(dialog);
    if (first) this.healAll();
    else this.pump();
  }

  /** Begins the schedule of a dialog anew. False where a heal is under way, or its turn comes anyway. */
  #leavesSchedule(dialog: DialogIndex): boolean {
    const { health } = this;
    const phase = health.phase[dialog];
    health.attempt[dialog] = 0;
    if (phase === Phase.healing || phase === Phase.queued) return false;
    if (health.recovering[dialog] === 0 && phase === Phase.idle) this.#beginWalk(dialog);
    this.#disarm(dialog);
    return true;
  }

  #disarm(dialog: DialogIndex): void {
    if (this.health.phase[dialog] === Phase.registering) this.registration.leave(dialog);
    this.#attempts.disarm(dialog);
  }
}
