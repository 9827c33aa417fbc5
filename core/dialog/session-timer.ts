import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from './table.ts';

/** No session may be asked to refresh more often. Seconds. @see RFC 4028 §5 */
export const minSessionIntervalS = 90;

/** Refreshes that were refused are tried again at once, or as glare has it, so often; then at the pace of `retry`. */
const soonMax = 3;

/** Who does not refresh ends the session so long before it expires, or a third of the interval. @see RFC 4028 §10 */
const lastMomentMs = 32_000;

const secondMs = 1000;

/** A session whose refresh is due, until it is refreshed. */
interface Overdue {
  readonly expiresAtMs: number;
  /** How often `soonMax` counts. */
  soon: number;
}

/** What becomes of a session when its timer fires. */
export interface SessionTimerUser {
  /** Half the interval is over and refreshing is ours. @see RFC 4028 §10 */
  refreshDue(dialog: DialogIndex): void;
  /** Nobody has refreshed in time: the session is to be ended. @see RFC 4028 §10 */
  sessionExpired(dialog: DialogIndex): void;
}

/**
 * Session timers of all dialogs: what the two sides agree on, and one wheel timer each.
 *
 * Paused while a route is broken: a session then neither expires nor refreshes, and resumes with a full interval, since
 * what healed it was a refresh itself.
 *
 * @see RFC 4028
 */
export class SessionTimers {
  readonly #table: DialogTable;
  readonly #wheel: Wheel;
  readonly #user: SessionTimerUser;
  readonly #refresh: TimerKind;
  readonly #expiry: TimerKind;
  readonly #overdue = new Map<DialogIndex, Overdue>();
  /** When the interval ends for a peer that does not pause it, in seconds; 0 for never. Written while a route is broken alone. */
  readonly #endsAtS: Uint32Array;
  /** Seconds that we ask for; 0 asks for none, but a peer's wish is granted. */
  readonly intervalS: number;

  constructor(options: {
    readonly table: DialogTable;
    readonly wheel: Wheel;
    readonly user: SessionTimerUser;
    readonly intervalS: number;
  }) {
    this.#table = options.table;
    this.#wheel = options.wheel;
    this.#user = options.user;
    this.intervalS = options.intervalS;
    this.#endsAtS = options.table.columns.uint32();
    this.#refresh = this.#wheel.kind((dialog) => {
      this.#table.sessionTimer[dialog] = 0;
      this.#overdueOf(dialog);
      this.#user.refreshDue(dialog);
    });
    this.#expiry = this.#wheel.kind((dialog) => {
      this.#table.sessionTimer[dialog] = 0;
      this.#user.sessionExpired(dialog);
    });
  }

  /** Writes what an initial INVITE asks for; `leastS` is what a 422 asked for, or 0. @see RFC 4028 §7.1, §7.3 */
  writeOffer(writer: Writer, leastS = 0): void {
    if (this.intervalS === 0) return;
    writer.text('Session-Expires: ').decimal(Math.max(this.intervalS, leastS)).text('\r\n');
    if (leastS > 0) writer.text('Min-SE: ').decimal(leastS).text('\r\n');
  }

  /**
   * Writes what a refresh of ours carries: the interval agreed on, or the Min-SE that was heard of where that is longer; the roles
   * are kept.
   *
   * @see RFC 4028 §7.4
   */
  writeRefresh(writer: Writer, dialog: DialogIndex): void {
    const table = this.#table;
    const minS = table.minSessionInterval[dialog] as number;
    if (table.has(dialog, DialogFlag.sessionTimer)) {
      writer
        .text('Session-Expires: ')
        .decimal(Math.max(table.sessionInterval[dialog] as number, minS))
        .text(table.has(dialog, DialogFlag.refresher) ? ';refresher=uac\r\n' : ';refresher=uas\r\n');
    }
    if (minS > 0) writer.text('Min-SE: ').decimal(minS).text('\r\n');
  }

  /** A 422 to a request of ours: true when it names a longer interval than that asked for, which the next one then asks for. @see RFC 4028 §7.3 */
  raise(dialog: DialogIndex, response: Message): boolean {
    const before = this.#table.minSessionInterval[dialog] as number;
    this.#noteMinSe(dialog, response);
    return (this.#table.minSessionInterval[dialog] as number) > before;
  }

  /** Takes what a 2xx to a request of ours says, asked for or not, and starts the interval anew. @see RFC 4028 §7.2 */
  agreeAsClient(dialog: DialogIndex, response: Message): void {
    const { sessionExpires } = response;
    const on = sessionExpires.presence === 'present';
    this.#table.set(dialog, DialogFlag.sessionTimer, on);
    if (on) {
      // Less would make us refresh as often as the peer likes (§11.1).
      this.#table.sessionInterval[dialog] = Math.max(sessionExpires.seconds, minSessionIntervalS);
      this.#table.set(dialog, DialogFlag.refresher, sessionExpires.refresher !== 'uas');
    }
    this.restart(dialog);
  }

  /** Whether a request asks for less than we allow, which is to be answered 422. @see RFC 4028 §9 */
  tooSmall(request: Message): boolean {
    const { sessionExpires } = request;
    return (
      sessionExpires.presence === 'present' &&
      sessionExpires.seconds < minSessionIntervalS &&
      request.hasToken(HeaderId.Supported, 'timer')
    );
  }

  /** Decides as UAS, writes Session-Expires and Require into our 2xx, and starts the interval anew. @see RFC 4028 §9 */
  answerAsServer(dialog: DialogIndex, request: Message, writer: Writer): void {
    const table = this.#table;
    const { sessionExpires } = request;
    const peerSupports = request.hasToken(HeaderId.Supported, 'timer');
    const asked = sessionExpires.presence === 'present' ? sessionExpires.seconds : 0;
    const weRefreshed = table.has(dialog, DialogFlag.sessionTimer) && table.has(dialog, DialogFlag.refresher);
    const on = asked > 0 || (this.intervalS > 0 && peerSupports);
    this.#noteMinSe(dialog, request);
    table.set(dialog, DialogFlag.sessionTimer, on);
    if (on) {
      const floor = request.minSe.presence === 'present' ? request.minSe.value : 0;
      const wanted = Math.max(this.intervalS > 0 ? this.intervalS : asked, floor);
      const seconds = Math.max(asked > 0 ? Math.min(asked, wanted) : wanted, minSessionIntervalS);
      // Table 2; where the choice is ours, whoever has refreshed so far goes on.
      const refresher = sessionExpires.refresher ?? (weRefreshed ? 'uas' : 'uac');
      const theyRefresh = peerSupports && refresher === 'uac';
      table.sessionInterval[dialog] = seconds;
      table.set(dialog, DialogFlag.refresher, !theyRefresh);
      writer.text('Session-Expires: ').decimal(seconds);
      writer.text(theyRefresh ? ';refresher=uac\r\n' : ';refresher=uas\r\n');
      if (peerSupports) writer.text('Require: timer\r\n');
    }
    this.restart(dialog);
  }

  /** Starts the interval anew, in the role that was agreed on. */
  restart(dialog: DialogIndex): void {
    this.resume(dialog, (this.#table.sessionInterval[dialog] as number) * 1000);
  }

  /** Goes on with an interval of which so much is left, in the role that was agreed on. */
  resume(dialog: DialogIndex, remainingMs: number): void {
    this.end(dialog);
    const table = this.#table;
    if (!table.has(dialog, DialogFlag.sessionTimer)) return;
    const weRefresh = table.has(dialog, DialogFlag.refresher);
    const expiresAtMs = this.#wheel.nowMs + remainingMs;
    const leadMs = this.#leadMs(dialog);
    if (weRefresh && remainingMs < leadMs) this.#overdue.set(dialog, { expiresAtMs, soon: 0 });
    table.sessionTimer[dialog] = this.#wheel.arm(
      weRefresh ? this.#refresh : this.#expiry,
      dialog,
      expiresAtMs - leadMs,
    );
  }

  /** How much of the interval is left at least; undefined while it is paused or there is none. */
  remainingMs(dialog: DialogIndex): number | undefined {
    const dueAtMs = this.#wheel.dueAtMs(this.#table.sessionTimer[dialog] as number);
    const overdue = this.#overdue.get(dialog);
    if (overdue !== undefined && dueAtMs !== undefined) return overdue.expiresAtMs - this.#wheel.nowMs;
    return dueAtMs === undefined ? undefined : dueAtMs - this.#wheel.nowMs + this.#leadMs(dialog);
  }

  /** So long before the session expires its timer fires: a refresh of ours at half the interval, our BYE shortly before. @see RFC 4028 §10 */
  #leadMs(dialog: DialogIndex): number {
    const intervalMs = (this.#table.sessionInterval[dialog] as number) * 1000;
    return this.#table.has(dialog, DialogFlag.refresher) ? intervalMs / 2 : Math.min(lastMomentMs, intervalMs / 3);
  }

  /**
   * A refresh of ours was refused: another one follows in an eighth of the interval, or in `delayMs` where that is longer. Only a 2xx
   * extends the session, so that no other one follows once it would have expired.
   *
   * @see RFC 4028 §10
   */
  retry(dialog: DialogIndex, delayMs = 0): void {
    const eighthMs = ((this.#table.sessionInterval[dialog] as number) * 1000) / 8;
    this.#retryIn(dialog, Math.max(delayMs, eighthMs));
  }

  /** The same for what passes by itself: in `delayMs`, but not again and again. @see RFC 3261 §14.1, RFC 4028 §7.3 */
  retrySoon(dialog: DialogIndex, delayMs: number): void {
    if (++this.#overdueOf(dialog).soon > soonMax) this.retry(dialog, delayMs);
    else this.#retryIn(dialog, delayMs);
  }

  #retryIn(dialog: DialogIndex, delayMs: number): void {
    const table = this.#table;
    const { expiresAtMs } = this.#overdueOf(dialog);
    this.pause(dialog);
    if (!table.has(dialog, DialogFlag.sessionTimer)) return;
    const atMs = this.#wheel.nowMs + delayMs;
    table.sessionTimer[dialog] =
      atMs < expiresAtMs
        ? this.#wheel.arm(this.#refresh, dialog, atMs)
        : this.#wheel.arm(this.#expiry, dialog, expiresAtMs);
  }

  /**
   * Since when a session waits for its refresh: half its interval is then over. One that the peer has refreshed since does not wait
   * yet, and ends when its new interval does.
   */
  #overdueOf(dialog: DialogIndex): Overdue {
    let overdue = this.#overdue.get(dialog);
    if (overdue === undefined) {
      const halfMs = ((this.#table.sessionInterval[dialog] as number) * 1000) / 2;
      const remainingMs = this.remainingMs(dialog) ?? halfMs;
      overdue = { expiresAtMs: this.#wheel.nowMs + remainingMs, soon: 0 };
      this.#overdue.set(dialog, overdue);
    }
    return overdue;
  }

  #noteMinSe(dialog: DialogIndex, { minSe }: Message): void {
    const known = this.#table.minSessionInterval[dialog] as number;
    if (minSe.presence === 'present' && minSe.value > known) this.#table.minSessionInterval[dialog] = minSe.value;
  }

  /** The route is broken: the interval stops for us, though it may go on for the peer. */
  suspend(dialog: DialogIndex): void {
    const table = this.#table;
    if (table.has(dialog, DialogFlag.sessionTimer)) {
      const dueAtMs = this.#wheel.dueAtMs(table.sessionTimer[dialog] as number) ?? this.#wheel.nowMs;
      const endsAtMs = this.#overdue.get(dialog)?.expiresAtMs ?? dueAtMs + this.#leadMs(dialog);
      this.#endsAtS[dialog] = Math.ceil(endsAtMs / 1000);
    }
    this.pause(dialog);
  }

  /**
   * Whether the peer, if it has not paused the interval as we have, ends the session about now: from a little before the end on, as
   * whoever does not refresh does, and for as long as its BYE is repeated.
   *
   * @see RFC 4028 §10
   */
  endsForPeer(dialog: DialogIndex): boolean {
    const endsAtMs = (this.#endsAtS[dialog] as number) * 1000;
    if (endsAtMs === 0 || !this.#table.has(dialog, DialogFlag.sessionTimer)) return false;
    const intervalMs = (this.#table.sessionInterval[dialog] as number) * 1000;
    const sinceMs = this.#wheel.nowMs - endsAtMs;
    return sinceMs >= -Math.min(lastMomentMs, intervalMs / 3) - secondMs && sinceMs <= lastMomentMs;
  }

  /** The dialog is over. */
  end(dialog: DialogIndex): void {
    this.pause(dialog);
    this.#overdue.delete(dialog);
    // A page that was never written costs nothing.
    if (this.#endsAtS[dialog] !== 0) this.#endsAtS[dialog] = 0;
  }

  /** Stops the interval; `restart` resumes it. */
  pause(dialog: DialogIndex): void {
    this.#wheel.disarm(this.#table.sessionTimer[dialog] as number);
    this.#table.sessionTimer[dialog] = 0;
  }
}
