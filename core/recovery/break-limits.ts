import type { DialogColumns } from '../dialog/columns.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';

/** One timer for each broken route, where the policy sets breaks a limit; without one, nothing at all. */
export class BreakLimits {
  readonly #wheel: Wheel;
  readonly #limitMs: number;
  readonly #reached: TimerKind;
  readonly #timer: Uint32Array;

  constructor(options: {
    readonly wheel: Wheel;
    readonly columns: DialogColumns;
    /** Infinite for none. */
    readonly limitMs: number;
    readonly reached: (dialog: DialogIndex) => void;
  }) {
    this.#wheel = options.wheel;
    this.#limitMs = options.limitMs;
    this.#timer = options.limitMs === Number.POSITIVE_INFINITY ? new Uint32Array(0) : options.columns.uint32();
    this.#reached = this.#wheel.kind((dialog) => {
      this.#timer[dialog] = 0;
      options.reached(dialog);
    });
  }

  begin(dialog: DialogIndex): void {
    if (this.#timer.length === 0) return;
    this.#timer[dialog] = this.#wheel.arm(this.#reached, dialog, this.#wheel.nowMs + this.#limitMs);
  }

  end(dialog: DialogIndex): void {
    const timer = this.#timer[dialog] ?? 0;
    if (timer === 0) return;
    this.#wheel.disarm(timer);
    this.#timer[dialog] = 0;
  }
}
