import { resilienceTag } from '../dialog/abilities.ts';
import type { Acks } from '../dialog/ack.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import { DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Wheel } from '../time/wheel.ts';
import type { ClientFailure, ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { Attempts } from './attempts.ts';
import type { BreakLimits } from './break-limits.ts';
import {
  type BreakCause,
  classifyHealResponse,
  type HealVerdict,
  type Mender,
  menderOf,
  refusesRouteLess,
  saysWait,
  tellsOfRoute,
  tellsOfRung,
} from './classify.ts';
import { type HealRequests, isByOneRoute, isRouteLess } from './heal-requests.ts';
import { HealedRoutes } from './healed-routes.ts';
import type { HealerUser } from './healer-user.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import type { MediaGuard } from './media-guard.ts';
import { type HealEnd, loadOf } from './pacer.ts';
import type { PeerMemory } from './peer-memory.ts';
import type { RecoveryPolicy } from './policy.ts';
import { type Replacements, refusesReplacement } from './replacements.ts';
import { Phase, type RouteHealth } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';
import { retryAfterMs } from './schedule.ts';
import type { WaitingLine } from './waiting-line.ts';

/** What a verdict asks of the healer. */
export interface VerdictHealer {
  /** The heal was none of a broken route, but its failure says that the route is broken. */
  breakRoute(dialog: DialogIndex, cause: BreakCause, status: number, mender?: Mender): void;
  /** Leaves a dialog to wait for a refresh of our registration. False where nobody refreshes it. */
  awaitRegistration(dialog: DialogIndex): boolean;
  /** An answer to our unchanged offer. */
  noteAnswer(dialog: DialogIndex, message: Message): void;
  /** There may be room for more heals, or dialogs that stand in line once more. */
  pump(): void;
}

/** What heals end with, and what that means for their dialogs: healed, once more by another way or later, or over. */
export class HealVerdicts implements ClientUser {
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #sessions: SessionTimers;
  readonly #acks: Acks;
  readonly #wheel: Wheel;
  readonly #user: HealerUser;
  readonly #policy: RouteSetPolicy;
  readonly #recovery: RecoveryPolicy;
  readonly #health: RouteHealth;
  readonly #attempts: Attempts;
  readonly #limits: BreakLimits;
  readonly #media: MediaGuard;
  readonly #line: WaitingLine;
  readonly #requests: HealRequests;
  readonly #peers: PeerMemory;
  readonly #replacements: Replacements;
  readonly #healer: VerdictHealer;
  readonly #routes: HealedRoutes;

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly sessions: SessionTimers;
    readonly acks: Acks;
    readonly wheel: Wheel;
    readonly user: HealerUser;
    readonly policy: RouteSetPolicy;
    readonly recovery: RecoveryPolicy;
    readonly health: RouteHealth;
    readonly attempts: Attempts;
    readonly limits: BreakLimits;
    readonly media: MediaGuard;
    readonly line: WaitingLine;
    readonly requests: HealRequests;
    readonly peers: PeerMemory;
    readonly replacements: Replacements;
    readonly healer: VerdictHealer;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#sessions = options.sessions;
    this.#acks = options.acks;
    this.#wheel = options.wheel;
    this.#user = options.user;
    this.#policy = options.policy;
    this.#recovery = options.recovery;
    this.#health = options.health;
    this.#attempts = options.attempts;
    this.#limits = options.limits;
    this.#media = options.media;
    this.#line = options.line;
    this.#requests = options.requests;
    this.#peers = options.peers;
    this.#replacements = options.replacements;
    this.#healer = options.healer;
    this.#routes = new HealedRoutes(options);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    if (!this.#requests.isUnderWay(tx)) {
      this.#acks.repeat(tx, message);
      return;
    }
    if (this.#requests.answerChallenge(tx, message)) return;
    const hop = this.#endTransaction(tx, loadOf(message));
    const verdict = this.#read(tx, message);
    if (verdict !== 'healed' && this.#replacements.end(dialog)) this.#gone(dialog, message);
    else if (verdict !== 'healed' && this.#isStale(dialog)) this.failed(dialog, 'response', message);
    else this.#carryOut(verdict, tx, message, hop);
    this.#healer.pump();
  }

  #read(tx: ClientTransaction, message: Message): HealVerdict {
    const dialog = tx.owner;
    if (this.#replacements.isUnderWay(dialog) && refusesReplacement(message)) return 'gone';
    const { status } = message;
    const lastRung = status >= 300 && this.#requests.nextRung(dialog) === -1;
    return classifyHealResponse(status, isRouteLess(tx), lastRung);
  }

  #carryOut(verdict: HealVerdict, tx: ClientTransaction, message: Message, hop: Hop): void {
    const dialog = tx.owner;
    switch (verdict) {
      case 'healed':
        this.#answered(tx, message, hop);
        break;
      case 'other-path':
        this.#requests.nameHop(dialog);
        this.#line.joinUrgent(dialog);
        break;
      case 'next-rung':
        this.#health.rung[dialog] = this.#requests.nextRung(dialog);
        this.#line.joinUrgent(dialog);
        break;
      case 'glare':
        this.#attempts.waitForGlare(dialog);
        break;
      case 'later':
        this.#refused(tx, message, hop);
        break;
      case 'gone':
        this.#gone(dialog, message);
        break;
    }
  }

  onFailure(tx: ClientTransaction, why: ClientFailure): void {
    const dialog = tx.owner;
    if (!this.#requests.isUnderWay(tx)) return;
    const hop = this.#endTransaction(tx, 'other');
    if (why === 'hop-silent') this.#requests.abandon(tx, hop);
    if (this.#replacements.end(dialog)) {
      this.#user.gone(dialog, 408);
      return;
    }
    // Whoever lost the flow marks all of its dialogs next.
    const isMarkedNext = why !== 'timeout' && this.#hops.of(dialog) === hop && this.#health.recovering[dialog] === 0;
    this.failed(dialog, why === 'timeout' ? why : 'flow-lost', undefined, isMarkedNext);
    if (why === 'timeout') this.#healer.pump();
  }

  /** A dialog has a new route, whoever brought it. */
  healed(dialog: DialogIndex, by: 'local' | 'remote', peerRouteRefreshed: boolean, replaced: boolean): void {
    const wasRecovering = this.#health.recovering[dialog] === 1;
    this.#requests.attemptEnded(dialog);
    this.#health.quick[dialog] = 0;
    this.#health.attempt[dialog] = 0;
    this.#limits.end(dialog);
    this.#media.routeHealed(dialog);
    this.#health.markHealed(dialog, this.#wheel.nowMs, by, peerRouteRefreshed, replaced);
    this.#sessions.restart(dialog);
    if (wasRecovering || replaced) this.#user.statusChanged(dialog);
    this.#user.healed(dialog, by, wasRecovering);
  }

  /**
   * An attempt has failed. A result that began under an older route says nothing of the one that the peer has brought meanwhile.
   * `saysNothing`: nor does this one of the route that there is.
   */
  failed(dialog: DialogIndex, cause: BreakCause, response?: Message, saysNothing = false): void {
    const health = this.#health;
    health.phase[dialog] = Phase.idle;
    this.#requests.attemptEnded(dialog);
    if (this.#isStale(dialog)) {
      const isOurs = health.recovering[dialog] === 1 && health.left[dialog] === 0;
      if (isOurs || health.quick[dialog] === 1) this.#line.joinUrgent(dialog);
      else this.#user.healOvertaken(dialog);
      return;
    }
    const isQuick = this.#tellFailed(dialog, cause, response);
    if (this.#table.state[dialog] !== DialogState.confirmed) return; // its BYE goes without a heal
    if (saysNothing) return;
    if (health.recovering[dialog] === 0) {
      if (!tellsOfRoute(response)) {
        if (this.#table.sessionTimer[dialog] === 0) this.#sessions.retry(dialog); // it was a refresh that had to be healed
        return;
      }
      const mender = health.left[dialog] === 1 ? 'either' : 'us';
      if (isQuick) this.#healer.breakRoute(dialog, health.cause(dialog) ?? cause, health.causeStatus(dialog), mender);
      else this.#healer.breakRoute(dialog, cause, response?.status ?? 0);
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
    if (response !== undefined && menderOf(response) === 'registration' && this.#healer.awaitRegistration(dialog))
      return;
    this.#attempts.waitAfter(dialog, response);
  }

  /** There is no heal to send: that says nothing of the route, unless requests wait that have found it broken. */
  unable(dialog: DialogIndex): void {
    const { recovering, quick } = this.#health;
    this.failed(dialog, 'flow-lost', undefined, recovering[dialog] === 0 && quick[dialog] === 0);
  }

  #answered(tx: ClientTransaction, message: Message, hop: Hop): void {
    const dialog = tx.owner;
    const replaces = this.#replacements.isUnderWay(dialog);
    const isOutdated = this.#isStale(dialog) && !replaces && this.#routes.isOlder(dialog, message);
    const adopted = !isOutdated && this.#routes.adopt(tx, message, hop);
    const oldEnded = this.#replacements.end(dialog);
    // Whatever it carries, a 2xx to INVITE is acknowledged, or the peer ends the session.
    if (tx.method === 'INVITE' && (adopted || !replaces))
      this.#acks.send(tx, dialog, message.cseq.number, this.#hops.of(dialog) ?? hop);
    if (isByOneRoute(tx)) this.#hops.learnRoute(hop);
    if (adopted) this.#healedByUs(dialog, message, replaces);
    else if (oldEnded) this.#gone(dialog, message);
    else this.failed(dialog, 'response');
  }

  #healedByUs(dialog: DialogIndex, message: Message, replaced: boolean): void {
    const table = this.#table;
    if (message.first(HeaderId.Supported) !== -1) {
      table.set(dialog, DialogFlag.resilient, message.hasToken(HeaderId.Supported, resilienceTag));
    }
    if (message.sessionExpires.presence === 'present') this.#sessions.agreeAsClient(dialog, message);
    if (!replaced) this.#peers.learn(dialog, this.#health.rung[dialog] as number, this.#wheel.nowMs);
    const recorded = this.#policy === 'ms-sipre' && message.first(HeaderId.RecordRoute) !== -1;
    this.#healer.noteAnswer(dialog, message);
    this.healed(dialog, 'local', replaced || (recorded && table.has(dialog, DialogFlag.resilient)), replaced);
  }

  /** Refused for what may pass. */
  #refused(tx: ClientTransaction, message: Message, hop: Hop): void {
    const dialog = tx.owner;
    if (message.status === 422 && this.#sessions.raise(dialog, message) && this.#health.attempt[dialog] === 0) {
      this.#health.attempt[dialog] = 1;
      this.#line.joinUrgent(dialog);
      return;
    }
    if (isByOneRoute(tx) && refusesRouteLess.has(message.status)) hop.wantsRouteUntilMs = 0;
    if (tellsOfRung(message.status)) this.#beginAtTop(dialog);
    if (message.status === 503) this.#hops.hold(hop, this.#wheel.nowMs + retryAfterMs(message));
    this.failed(dialog, 'response', message);
  }

  /** The peer does not know the method of the last rung: what made us come down to it was wrong, or is no longer true. */
  #beginAtTop(dialog: DialogIndex): void {
    this.#health.rung[dialog] = 0;
    this.#peers.forget(dialog);
  }

  /** Tells of a failed heal; whether requests waited for it. */
  #tellFailed(dialog: DialogIndex, cause: BreakCause, response: Message | undefined): boolean {
    const isQuick = this.#health.quick[dialog] === 1;
    this.#health.quick[dialog] = 0;
    this.#user.healFailed(dialog, cause, response, isQuick);
    return isQuick;
  }

  #endTransaction(tx: ClientTransaction, how: HealEnd): Hop {
    this.#attempts.disarm(tx.owner);
    this.#health.phase[tx.owner] = Phase.idle;
    const hop = this.#requests.end(tx, how);
    this.#line.releaseSome(hop);
    return hop;
  }

  /** A heal that began under an older route than the dialog has now. */
  #isStale(dialog: DialogIndex): boolean {
    return this.#health.healGeneration[dialog] !== this.#health.generation[dialog];
  }

  #gone(dialog: DialogIndex, message: Message): void {
    // Whether there is an early dialog its INVITE will tell.
    if (this.#table.state[dialog] === DialogState.early) {
      this.failed(dialog, 'response', message);
      return;
    }
    if (this.#table.state[dialog] === DialogState.confirmed) this.#tellFailed(dialog, 'response', message);
    this.#user.gone(dialog, message.status);
  }
}
