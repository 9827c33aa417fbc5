import { paramOf } from './address-value.ts';
import type { Message } from './message.ts';
import type { Timer, Timers } from './timers.ts';

/** The least interval that there is (RFC 4028 §4). */
export const leastIntervalS = 90;

/** Value of Session-Expires. */
export interface SessionExpires {
  readonly intervalS: number;
  readonly refresher: 'uac' | 'uas' | undefined;
}

export function sessionExpiresOf(message: Message): SessionExpires | undefined {
  const value = message.header('session-expires');
  if (value === '') return undefined;
  const semicolon = value.indexOf(';');
  const params = semicolon < 0 ? '' : value.slice(semicolon);
  const refresher = paramOf(params, 'refresher')?.toLowerCase();
  return {
    intervalS: Number.parseInt(value, 10),
    refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined,
  };
}

/** What the timer does when its time has come. */
export interface SessionTimerUser {
  refresh(): void;
  expire(): void;
}

/** The session timer of one dialog (RFC 4028 §7.2, §9, §10). */
export class SessionTimer {
  readonly #timers: Timers;
  readonly #user: SessionTimerUser;
  /** Ends the session where nobody has refreshed it. */
  readonly #isKept: boolean;
  #intervalS = 0;
  #isOurs = false;
  #refresh: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(timers: Timers, user: SessionTimerUser, isKept: boolean) {
    this.#timers = timers;
    this.#user = user;
    this.#isKept = isKept;
  }

  /** 0 where there is none. */
  get intervalS(): number {
    return this.#intervalS;
  }

  /** We are the ones who refresh. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** A 2xx to INVITE or UPDATE begins a new interval; 0 ends the timer. */
  restart(intervalS: number, isOurs: boolean): void {
    this.stop();
    this.#intervalS = intervalS;
    this.#isOurs = isOurs;
    if (intervalS === 0) return;
    if (isOurs) this.#armRefresh(intervalS / 2);
    if (!this.#isKept) return;
    const expiryS = isOurs ? intervalS : intervalS - Math.min(32, intervalS / 3);
    this.#expiry = this.#timers.after(1000 * expiryS, () => this.#user.expire());
  }

  /** A refresh of ours has failed: there will be another one. */
  refreshFailed(): void {
    if (this.#isOurs && this.#intervalS > 0) this.#armRefresh(this.#intervalS / 4);
  }

  stop(): void {
    this.#refresh?.cancel();
    this.#expiry?.cancel();
    this.#intervalS = 0;
  }

  #armRefresh(afterS: number): void {
    this.#refresh?.cancel();
    this.#refresh = this.#timers.after(1000 * afterS, () => this.#user.refresh());
  }
}
