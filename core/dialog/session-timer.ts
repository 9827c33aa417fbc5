import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from './table.ts';

/** No session may be asked to refresh more often. Seconds. @see RFC 4028 §5 */
export const minSessionIntervalS = 90;

/** What becomes of a session when its timer fires. */
export interface SessionTimerUser {
  /** Half the interval is over and refreshing is ours. @see RFC 4028 §10 */
  refreshDue(dialog: DialogIndex): void;
  /** The peer did not refresh in time: the session is to be ended. @see RFC 4028 §10 */
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
    this.#refresh = this.#wheel.kind((dialog) => {
      this.#table.sessionTimer[dialog] = 0;
      this.#user.refreshDue(dialog);
    });
    this.#expiry = this.#wheel.kind((dialog) => {
      this.#table.sessionTimer[dialog] = 0;
      this.#user.sessionExpired(dialog);
    });
  }

  /** Writes what an initial INVITE asks for. @see RFC 4028 §7.1 */
  writeOffer(writer: Writer): void {
    if (this.intervalS > 0) writer.text('Session-Expires: ').decimal(this.intervalS).text('\r\n');
  }

  /** Writes what a refresh of ours carries: the interval agreed on, the roles kept. @see RFC 4028 §7.4 */
  writeRefresh(writer: Writer, dialog: DialogIndex): void {
    if (!this.#table.has(dialog, DialogFlag.sessionTimer)) return;
    writer
      .text('Session-Expires: ')
      .decimal(this.#table.sessionInterval[dialog] as number)
      .text(this.#table.has(dialog, DialogFlag.refresher) ? ';refresher=uac\r\n' : ';refresher=uas\r\n');
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
    this.pause(dialog);
    const table = this.#table;
    if (!table.has(dialog, DialogFlag.sessionTimer)) return;
    const kind = table.has(dialog, DialogFlag.refresher) ? this.#refresh : this.#expiry;
    table.sessionTimer[dialog] = this.#wheel.arm(kind, dialog, this.#wheel.nowMs + remainingMs - this.#leadMs(dialog));
  }

  /** How much of the interval is left at least; undefined while it is paused or there is none. */
  remainingMs(dialog: DialogIndex): number | undefined {
    const dueAtMs = this.#wheel.dueAtMs(this.#table.sessionTimer[dialog] as number);
    return dueAtMs === undefined ? undefined : dueAtMs - this.#wheel.nowMs + this.#leadMs(dialog);
  }

  /** So long before the session expires its timer fires: a refresh of ours at half the interval, our BYE shortly before. @see RFC 4028 §10 */
  #leadMs(dialog: DialogIndex): number {
    const intervalMs = (this.#table.sessionInterval[dialog] as number) * 1000;
    return this.#table.has(dialog, DialogFlag.refresher) ? intervalMs / 2 : Math.min(32_000, intervalMs / 3);
  }

  /** A refresh of ours was refused: another one in time before the peer ends the session, but not at once. @see RFC 4028 §10 */
  retry(dialog: DialogIndex): void {
    this.pause(dialog);
    const table = this.#table;
    if (!table.has(dialog, DialogFlag.sessionTimer)) return;
    const delayMs = ((table.sessionInterval[dialog] as number) * 1000) / 8;
    table.sessionTimer[dialog] = this.#wheel.arm(this.#refresh, dialog, this.#wheel.nowMs + delayMs);
  }

  /** Stops the interval; `restart` resumes it. */
  pause(dialog: DialogIndex): void {
    this.#wheel.disarm(this.#table.sessionTimer[dialog] as number);
    this.#table.sessionTimer[dialog] = 0;
  }
}
