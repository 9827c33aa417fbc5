import type { DialogIndex } from '../dialog/table.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { delayAfterMs, type Schedule } from './schedule.ts';

/** Does what a registration needs and what follows from it. */
export interface RegistrationUser {
  /** Whoever owns the registration refreshes it now, and says how that ended by the same number. */
  refreshRegistration(refresh: number): void;
  /** It works again. `dialogs` have waited for it; `first`: the others have not been healed for the sake of it yet. */
  registrationRefreshed(dialogs: readonly DialogIndex[], first: boolean): void;
}

/** A program that never says how a refresh ended is taken to have failed after so long: a REGISTER and its retry in full. */
const refreshLimitMs = 64_000;

/** After so long without a refresh the next one is a matter of its own, not one more try. */
const quietMs = 120_000;

/**
 * The registration of the endpoint, as far as dialogs wait for it: one refresh at a time, however many ask, and along the schedule when
 * it does not help.
 *
 * @see [MS-SIPRE] §3.7.5.3.1 (Registration-Route-Set-Update); RFC 3261 §10.2.4
 */
export class Registration {
  readonly #wheel: Wheel;
  readonly #schedule: Schedule;
  readonly #user: RegistrationUser;
  readonly #random: () => number;
  readonly #due: TimerKind;
  readonly #waiting = new Set<DialogIndex>();
  /** Dialogs whose end was refused for want of it. */
  readonly #ending = new Set<DialogIndex>();
  #state: 'idle' | 'refreshing' | 'waiting' = 'idle';
  #timer = 0;
  /** Numbers refreshes, so that a late word on an old one is none. */
  #refresh = 0;
  #attempt = 0;
  /** A refresh of this matter has worked. */
  #hasWorked = false;
  #endedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly wheel: Wheel;
    readonly schedule: Schedule;
    readonly user: RegistrationUser;
    readonly random: () => number;
  }) {
    this.#wheel = options.wheel;
    this.#schedule = options.schedule;
    this.#user = options.user;
    this.#random = options.random;
    this.#due = this.#wheel.kind(() => {
      this.#timer = 0;
      if (this.#state === 'refreshing') this.ended(this.#refresh, false);
      else this.#begin();
    });
  }

  /** A dialog can be healed only when the registration has been refreshed. */
  await(dialog: DialogIndex): void {
    this.#waiting.add(dialog);
    this.#ask();
  }

  /** A dialog can be ended only when it has been refreshed; its end is tried again by itself. */
  awaitEnd(dialog: DialogIndex): void {
    this.#ending.add(dialog);
    this.#ask();
  }

  /** It is to be refreshed: now, or by the schedule when that was tried a moment ago. */
  #ask(): void {
    if (this.#state !== 'idle') return;
    const nowMs = this.#wheel.nowMs;
    if (nowMs - this.#endedAtMs > quietMs) {
      this.#attempt = 0;
      this.#hasWorked = false;
    }
    const atMs = this.#attempt === 0 ? nowMs : this.#endedAtMs + this.#delayMs();
    if (atMs <= nowMs) this.#begin();
    else this.#wait(atMs);
  }

  /** A dialog waits no longer. A refresh that is under way goes on. */
  leave(dialog: DialogIndex): void {
    const hasWaited = this.#waiting.delete(dialog) || this.#ending.delete(dialog);
    if (!hasWaited || this.#waiting.size + this.#ending.size > 0 || this.#state !== 'waiting') return;
    this.#disarm();
    this.#state = 'idle';
  }

  /** How a refresh ended. */
  ended(refresh: number, refreshed: boolean): void {
    if (this.#state !== 'refreshing' || refresh !== this.#refresh) return;
    this.#disarm();
    this.#state = 'idle';
    this.#endedAtMs = this.#wheel.nowMs;
    this.#ending.clear();
    if (refreshed) {
      const dialogs = [...this.#waiting];
      this.#waiting.clear();
      const first = !this.#hasWorked;
      this.#hasWorked = true;
      this.#user.registrationRefreshed(dialogs, first);
    } else if (this.#waiting.size > 0) {
      this.#wait(this.#endedAtMs + this.#delayMs());
    }
  }

  #begin(): void {
    this.#state = 'refreshing';
    this.#attempt++;
    this.#refresh++;
    this.#timer = this.#wheel.arm(this.#due, 0, this.#wheel.nowMs + refreshLimitMs);
    this.#user.refreshRegistration(this.#refresh);
  }

  #wait(atMs: number): void {
    this.#state = 'waiting';
    this.#timer = this.#wheel.arm(this.#due, 0, atMs);
  }

  #delayMs(): number {
    return delayAfterMs(this.#schedule, this.#attempt, this.#random());
  }

  #disarm(): void {
    this.#wheel.disarm(this.#timer);
    this.#timer = 0;
  }
}
