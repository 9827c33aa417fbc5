import { DialogFlag, type DialogIndex, type DialogTable } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { saysWait } from './classify.ts';
import { Phase, type RouteHealth } from './route-health.ts';
import { delayAfterMs, delayAfterWaitMs, glareDelayMs, retryAfterMs, type Schedule } from './schedule.ts';

/** Heals that meet an offer of the peer's are tried again as RFC 3261 §14.1 has it so often, then by the schedule. */
const glaresMax = 3;

/** What the column of attempts can count. */
const attemptMax = 0xffff;

/** When broken dialogs are healed again: their attempts, counted, and the waiting between them. */
export class Attempts {
  readonly #table: DialogTable;
  readonly #health: RouteHealth;
  readonly #wheel: Wheel;
  readonly #schedule: Schedule;
  readonly #random: () => number;
  readonly #retry: TimerKind;

  constructor(options: {
    readonly table: DialogTable;
    readonly health: RouteHealth;
    readonly wheel: Wheel;
    readonly schedule: Schedule;
    /** Gives numbers in [0, 1). */
    readonly random: () => number;
    /** The waiting of a dialog is over. */
    readonly due: (dialog: DialogIndex) => void;
  }) {
    this.#table = options.table;
    this.#health = options.health;
    this.#wheel = options.wheel;
    this.#schedule = options.schedule;
    this.#random = options.random;
    this.#retry = this.#wheel.kind((dialog) => {
      this.#health.timer[dialog] = 0;
      this.#health.nextAttemptAtMs[dialog] = 0;
      options.due(dialog);
    });
  }

  /** Counts an attempt that has failed; gives how many there are. */
  count(dialog: DialogIndex): number {
    const attempt = Math.min((this.#health.attempt[dialog] as number) + 1, attemptMax);
    this.#health.attempt[dialog] = attempt;
    return attempt;
  }

  /** Waits as the schedule has it after the attempts so far, of which `response` ended the last one. */
  waitAfter(dialog: DialogIndex, response: Message | undefined): void {
    this.wait(dialog, this.#delayMs(dialog, response));
  }

  /** Glare passes by itself; what does not pass is tried again as any other heal is. */
  waitForGlare(dialog: DialogIndex): void {
    const glares = this.count(dialog);
    const delayMs = glareDelayMs(this.#table.has(dialog, DialogFlag.callIdOwner), this.#random());
    const lateMs = glares <= glaresMax ? 0 : delayAfterMs(this.#schedule, glares - glaresMax, this.#random());
    this.wait(dialog, delayMs + lateMs);
  }

  wait(dialog: DialogIndex, delayMs: number): void {
    const atMs = this.#wheel.nowMs + delayMs;
    this.#health.phase[dialog] = Phase.waiting;
    this.#health.nextAttemptAtMs[dialog] = atMs;
    this.#health.timer[dialog] = this.#wheel.arm(this.#retry, dialog, atMs);
  }

  /** Ends the waiting, or whatever else has the dialog's timer. */
  disarm(dialog: DialogIndex): void {
    this.#wheel.disarm(this.#health.timer[dialog] as number);
    this.#health.timer[dialog] = 0;
    this.#health.nextAttemptAtMs[dialog] = 0;
  }

  #delayMs(dialog: DialogIndex, response: Message | undefined): number {
    const attempt = this.#health.attempt[dialog] as number;
    if (response === undefined) return delayAfterMs(this.#schedule, attempt, this.#random());
    const delayMs = saysWait(response)
      ? delayAfterWaitMs(this.#schedule, attempt, this.#random(), this.#sessionIntervalS(dialog))
      : delayAfterMs(this.#schedule, attempt, this.#random());
    // A 503 speaks for its hop, which is held; another hop may be asked before.
    return response.status === 503 ? delayMs : Math.max(delayMs, retryAfterMs(response));
  }

  #sessionIntervalS(dialog: DialogIndex): number {
    const hasTimer = this.#table.has(dialog, DialogFlag.sessionTimer);
    return hasTimer ? (this.#table.sessionInterval[dialog] as number) : 0;
  }
}
