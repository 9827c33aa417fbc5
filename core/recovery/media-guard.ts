import type { DialogIndex } from '../dialog/table.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';

/**
 * Sessions that have lost both: no media, as the program reports them, and a broken route. One that stays so for too long is ended.
 *
 * Media that nobody has reported on are taken to be alive.
 */
export class MediaGuard {
  readonly #wheel: Wheel;
  readonly #timeoutMs: number;
  readonly #due: TimerKind;
  /** Dialogs without media, and the timer of each whose route is broken as well; else 0. */
  readonly #dead = new Map<DialogIndex, TimerId>();

  constructor(options: {
    readonly wheel: Wheel;
    readonly timeoutMs: number;
    readonly timedOut: (dialog: DialogIndex) => void;
  }) {
    this.#wheel = options.wheel;
    this.#timeoutMs = options.timeoutMs;
    this.#due = this.#wheel.kind((dialog) => {
      this.#dead.set(dialog, 0);
      options.timedOut(dialog);
    });
  }

  reportAlive(dialog: DialogIndex): void {
    this.routeHealed(dialog);
    this.#dead.delete(dialog);
  }

  reportDead(dialog: DialogIndex, isRouteBroken: boolean): void {
    if (this.#dead.has(dialog)) return;
    this.#dead.set(dialog, 0);
    if (isRouteBroken) this.routeBroken(dialog);
  }

  routeBroken(dialog: DialogIndex): void {
    if (this.#dead.get(dialog) !== 0) return;
    this.#dead.set(dialog, this.#wheel.arm(this.#due, dialog, this.#wheel.nowMs + this.#timeoutMs));
  }

  routeHealed(dialog: DialogIndex): void {
    const timer = this.#dead.get(dialog) ?? 0;
    if (timer === 0) return;
    this.#wheel.disarm(timer);
    this.#dead.set(dialog, 0);
  }

  dialogEnded(dialog: DialogIndex): void {
    this.reportAlive(dialog);
  }
}
