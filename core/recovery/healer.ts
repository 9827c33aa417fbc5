import type { Acks } from '../dialog/ack.ts';
import type { Challenges } from '../dialog/challenges.ts';
import { resilienceTag } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import { DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import type { Wheel } from '../time/wheel.ts';
import type { ClientTransaction, ClientTransactions, ClientUser } from '../transaction/client.ts';
import { Attempts } from './attempts.ts';
import { BreakLimits } from './break-limits.ts';
import {
  type BreakCause,
  classifyHealResponse,
  type Mender,
  menderOf,
  refusesRouteLess,
  saysWait,
  tellsOfRoute,
  tellsOfRung,
} from './classify.ts';
import { HealRequests, isByOneRoute, isRouteLess } from './heal-requests.ts';
import { HealedRoutes } from './healed-routes.ts';
import type { HealerUser } from './healer-user.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { MediaGuard } from './media-guard.ts';
import { PeerMemory } from './peer-memory.ts';
import type { RecoveryPolicy } from './policy.ts';
import { Registration } from './registration.ts';
import { Replacements, refusesReplacement } from './replacements.ts';
import { Phase, RouteHealth, type RouteStatus } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';
import { retryAfterMs } from './schedule.ts';
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
export class Healer implements ClientUser {
  readonly health: RouteHealth;
  /** Where the program says how a refresh of its registration ended. */
  readonly registration: Registration;
  /** Where the program says whether media flow. */
  readonly media: MediaGuard;
  readonly #limits: BreakLimits;
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #sessions: SessionTimers;
  readonly #acks: Acks;
  readonly #wheel: Wheel;
  readonly #user: HealerUser;
  readonly #policy: RouteSetPolicy;
  readonly #recovery: RecoveryPolicy;
  readonly #attempts: Attempts;
  readonly #line: WaitingLine;
  readonly #requests: HealRequests;
  readonly #routes: HealedRoutes;
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
    /** 128 random bits as text, for tags and Call-IDs. */
    readonly token: () => string;
    /** Gives numbers in [0, 1). */
    readonly random: () => number;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#sessions = options.sessions;
    this.#acks = options.acks;
    this.#wheel = options.wheel;
    this.#user = options.user;
    this.#policy = options.policy;
    this.#recovery = options.recovery;
    this.health = new RouteHealth(options.table.rows);
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
      capacity: options.table.rows,
      limitMs: this.#recovery.breakLimitMs,
      reached: (dialog) => this.#user.givenUp(dialog, 'recovery-failed'),
    });
    this.media = new MediaGuard({
      wheel: this.#wheel,
      timeoutMs: this.#recovery.mediaTimeoutMs,
      timedOut: (dialog) => this.#user.givenUp(dialog, 'media-timeout'),
    });
    this.#line = new WaitingLine(options.table, options.hops, this.health, options.policy);
    this.#peers = new PeerMemory(options.table);
    this.#replacements = new Replacements(options.table, options.token);
    this.#requests = new HealRequests({
      ...options,
      health: this.health,
      replaces: options.recovery.replaces,
      replacements: this.#replacements,
      user: this,
    });
    this.#routes = new HealedRoutes({ ...options, requests: this.#requests, replacements: this.#replacements });
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
    this.#healed(dialog, 'remote', false, false);
  }

  /** The peer has put a new dialog in the place of this one, whose identity and route the caller has put into the table. */
  replacedByRemote(dialog: DialogIndex): void {
    this.#disarm(dialog);
    const hop = this.#requests.forget(dialog);
    if (hop !== undefined) this.#line.releaseSome(hop);
    this.health.phase[dialog] = Phase.idle;
    this.#healed(dialog, 'remote', false, true);
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

  /** A hop takes requests again: whoever waited for it goes on. */
  hopFree(hop: Hop): void {
    this.#line.release(hop);
    this.pump();
  }

  /** Starts heals while there are some to start, a live hop to send them by, and room in its window. */
  pump(): void {
    for (let turn = this.#line.next(); turn !== undefined; turn = this.#line.next()) this.#start(turn.dialog, turn.hop);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    if (!this.#requests.isUnderWay(tx)) {
      this.#acks.repeat(tx);
      return;
    }
    if (this.#requests.answerChallenge(tx, message)) return;
    const hop = this.#endTransaction(tx);
    const lastRung = this.#requests.nextRung(dialog) === -1;
    const routeLess = isRouteLess(tx);
    const replaces = this.#replacements.isUnderWay(dialog);
    const isRefused = replaces && refusesReplacement(message);
    const verdict = isRefused ? 'gone' : classifyHealResponse(message.status, routeLess, lastRung);
    if (verdict !== 'healed' && this.#replacements.end(dialog)) {
      this.#gone(dialog, message);
      this.pump();
      return;
    }
    if (verdict !== 'healed' && this.#isStale(dialog)) {
      this.#attemptFailed(dialog, 'response', message);
      this.pump();
      return;
    }
    switch (verdict) {
      case 'healed': {
        const adopted = this.#routes.adopt(tx, message, hop);
        const oldEnded = this.#replacements.end(dialog);
        // Whatever it carries, a 2xx to INVITE is acknowledged, or the peer ends the session.
        if (tx.method === 'INVITE' && (adopted || !replaces))
          this.#acks.send(tx, dialog, message.cseq.number, this.#hops.of(dialog) ?? hop);
        if (isByOneRoute(tx)) this.#hops.learnRoute(hop);
        if (adopted) this.#healedByUs(dialog, message, replaces);
        else if (oldEnded) this.#gone(dialog, message);
        else this.#attemptFailed(dialog, 'response');
        break;
      }
      case 'other-path':
        this.#requests.nameHop(dialog);
        this.#line.joinUrgent(dialog);
        break;
      case 'next-rung':
        this.health.rung[dialog] = this.#requests.nextRung(dialog);
        this.#line.joinUrgent(dialog);
        break;
      case 'glare':
        this.#attempts.waitForGlare(dialog);
        break;
      case 'later':
        if (message.status === 422 && this.#sessions.raise(dialog, message) && this.health.attempt[dialog] === 0) {
          this.health.attempt[dialog] = 1;
          this.#line.joinUrgent(dialog);
          break;
        }
        if (isByOneRoute(tx) && refusesRouteLess.has(message.status)) hop.wantsRouteUntilMs = 0;
        if (tellsOfRung(message.status)) this.#beginAtTop(dialog);
        if (message.status === 503) this.#hops.hold(hop, this.#wheel.nowMs + retryAfterMs(message));
        this.#attemptFailed(dialog, 'response', message);
        break;
      case 'gone':
        this.#gone(dialog, message);
        break;
    }
    this.pump();
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const dialog = tx.owner;
    if (!this.#requests.isUnderWay(tx)) return;
    const hop = this.#endTransaction(tx);
    if (this.#replacements.end(dialog)) {
      this.#user.gone(dialog, 408);
      return;
    }
    // Whoever lost the flow marks all of its dialogs next.
    const isMarkedNext = why === 'flow-lost' && this.#hops.of(dialog) === hop && this.health.recovering[dialog] === 0;
    this.#attemptFailed(dialog, why, undefined, isMarkedNext);
    if (why === 'timeout') this.pump();
  }

  /** A walk down the ladder begins where it ended well with this peer, for a while; else at the top. */
  #beginWalk(dialog: DialogIndex): void {
    this.health.rung[dialog] = this.#peers.rung(dialog, this.#wheel.nowMs);
  }

  /** The peer does not know the method of the last rung: what made us come down to it was wrong, or is no longer true. */
  #beginAtTop(dialog: DialogIndex): void {
    this.health.rung[dialog] = 0;
    this.#peers.forget(dialog);
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
    switch (this.#requests.send(dialog, hop)) {
      case 'sent':
        break;
      case 'offer-pending':
        this.#attempts.wait(dialog, pendingOfferDelayMs);
        break;
      case 'impossible':
        this.#attemptFailed(dialog, 'flow-lost');
        break;
    }
  }

  #endTransaction(tx: ClientTransaction): Hop {
    this.#disarm(tx.owner);
    this.health.phase[tx.owner] = Phase.idle;
    const hop = this.#requests.end(tx);
    this.#line.releaseSome(hop);
    return hop;
  }

  /** A heal that began under an older route than the dialog has now. */
  #isStale(dialog: DialogIndex): boolean {
    return this.health.healGeneration[dialog] !== this.health.generation[dialog];
  }

  #healedByUs(dialog: DialogIndex, message: Message, replaced: boolean): void {
    const table = this.#table;
    if (message.first(HeaderId.Supported) !== -1) {
      table.set(dialog, DialogFlag.resilient, message.hasToken(HeaderId.Supported, resilienceTag));
    }
    if (message.sessionExpires.presence === 'present') this.#sessions.agreeAsClient(dialog, message);
    if (!replaced) this.#peers.learn(dialog, this.health.rung[dialog] as number, this.#wheel.nowMs);
    const recorded = this.#policy === 'ms-sipre' && message.first(HeaderId.RecordRoute) !== -1;
    this.noteAnswer(dialog, message);
    this.#healed(dialog, 'local', replaced || (recorded && table.has(dialog, DialogFlag.resilient)), replaced);
  }

  #healed(dialog: DialogIndex, by: 'local' | 'remote', peerRouteRefreshed: boolean, replaced: boolean): void {
    const wasRecovering = this.health.recovering[dialog] === 1;
    this.#requests.attemptEnded(dialog);
    this.health.quick[dialog] = 0;
    this.health.attempt[dialog] = 0;
    this.#limits.end(dialog);
    this.media.routeHealed(dialog);
    this.health.markHealed(dialog, this.#wheel.nowMs, by, peerRouteRefreshed, replaced);
    this.#sessions.restart(dialog);
    if (wasRecovering || replaced) this.#user.statusChanged(dialog);
    this.#user.healed(dialog, by, wasRecovering);
  }

  /** A result that began under an older route says nothing of the one that the peer has brought meanwhile. */
  #attemptFailed(dialog: DialogIndex, cause: BreakCause, response?: Message, isMarkedNext = false): void {
    const { health } = this;
    health.phase[dialog] = Phase.idle;
    this.#requests.attemptEnded(dialog);
    if (this.#isStale(dialog)) {
      if (health.recovering[dialog] === 1 || health.quick[dialog] === 1) this.#line.joinUrgent(dialog);
      return;
    }
    const isQuick = this.#tellFailed(dialog, cause, response);
    if (this.#table.state[dialog] !== DialogState.confirmed) return; // its BYE goes without a heal
    if (isMarkedNext) return;
    if (health.recovering[dialog] === 0) {
      if (!tellsOfRoute(response)) {
        if (this.#table.sessionTimer[dialog] === 0) this.#sessions.retry(dialog); // it was a refresh that had to be healed
        return;
      }
      const mender = health.left[dialog] === 1 ? 'either' : 'us';
      if (isQuick) this.breakRoute(dialog, health.cause(dialog) ?? cause, health.causeStatus(dialog), mender);
      else this.breakRoute(dialog, cause, response?.status ?? 0);
    }
    if (response !== undefined && saysWait(response) && this.#recovery.passive) health.left[dialog] = 1;
    if (this.#attempts.count(dialog) >= this.#recovery.attemptsMax) {
      this.#user.givenUp(dialog, 'recovery-failed');
      return;
    }
    if (health.left[dialog] === 1) {
      health.phase[dialog] = Phase.idle;
      return;
    }
    if (response !== undefined && menderOf(response) === 'registration' && this.#awaitRegistration(dialog)) return;
    this.#attempts.waitAfter(dialog, response);
  }

  /** Tells of a failed heal; whether requests waited for it. */
  #tellFailed(dialog: DialogIndex, cause: BreakCause, response: Message | undefined): boolean {
    const isQuick = this.health.quick[dialog] === 1;
    this.health.quick[dialog] = 0;
    this.#user.healFailed(dialog, cause, response, isQuick);
    return isQuick;
  }

  /** Leaves a dialog to wait for a refresh of our registration. False where nobody refreshes it, or a heal is under way. */
  #awaitRegistration(dialog: DialogIndex): boolean {
    if (!this.#recovery.refreshesRegistration || this.health.phase[dialog] === Phase.healing) return false;
    this.#disarm(dialog);
    this.health.phase[dialog] = Phase.registering;
    this.registration.await(dialog);
    return true;
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

  #gone(dialog: DialogIndex, message: Message): void {
    // Whether there is an early dialog its INVITE will tell.
    if (this.#table.state[dialog] === DialogState.early) {
      this.#attemptFailed(dialog, 'response', message);
      return;
    }
    if (this.#table.state[dialog] === DialogState.confirmed) this.#tellFailed(dialog, 'response', message);
    this.#user.gone(dialog, message.status);
  }

  #disarm(dialog: DialogIndex): void {
    if (this.health.phase[dialog] === Phase.registering) this.registration.leave(dialog);
    this.#attempts.disarm(dialog);
  }
}
