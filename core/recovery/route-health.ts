import { clear, type DialogColumns } from '../dialog/columns.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { BreakCause } from './classify.ts';

/** What a program is told of a dialog's route. Instants are of the stack's clock. */
export interface RouteStatus {
  readonly status: 'healthy' | 'recovering';
  readonly sinceMs: number;
  /** Why the route broke: of the break that lasts, or of the last one. */
  readonly cause: BreakCause | undefined;
  /** The response that said so, where the cause is one. */
  readonly causeStatus: number | undefined;
  /** Heals that have failed since the break. */
  readonly attempt: number;
  /** When the next heal is sent; undefined when none is scheduled (one is under way, or waits for a live hop). */
  readonly nextAttemptAtMs: number | undefined;
  /** Counts the route sets that the dialog has had. */
  readonly generation: number;
  /** Who healed it last. */
  readonly healedBy: 'local' | 'remote' | undefined;
  /** Whether the last heal of ours renewed the peer's route as well; undefined before one. */
  readonly peerRouteRefreshed: boolean | undefined;
  /**
   * Whether the peer offers the option tag of Session Dialog Resiliency. One that does not keeps its old route when we heal ours, so that
   * its requests may fail still.
   */
  readonly peerSupportsRecovery: boolean;
  /** Whether the last heal put a new dialog in the place of the old one: it has another Call-ID. @see RFC 3891 */
  readonly replaced: boolean;
}

/** What the healer is doing with a dialog. */
export const Phase = { idle: 0, queued: 1, healing: 2, waiting: 3, registering: 4 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const causes: readonly (BreakCause | undefined)[] = [undefined, 'response', 'timeout', 'flow-lost', 'hop-silent'];

const replacedBit = 4;

/** Route status and healing progress of all dialogs, as columns beside the dialog table's. */
export class RouteHealth {
  /** 1 while recovering. */
  readonly recovering: Uint8Array;
  readonly phase: Uint8Array;
  /** 1 when a heal is under way for the sake of requests that wait for it, without the program's knowing. */
  readonly quick: Uint8Array;
  /** 1 while a broken route is left to the far end to mend. */
  readonly left: Uint8Array;
  readonly rung: Uint8Array;
  readonly attempt: Uint16Array;
  readonly generation: Uint32Array;
  /** Route generation that the heal under way began under. */
  readonly healGeneration: Uint32Array;
  readonly timer: Uint32Array;
  readonly nextAttemptAtMs: Float64Array;
  /** The last sign of the peer that it has the dialog. */
  readonly aliveAtMs: Float64Array;
  readonly #cause: Uint8Array;
  readonly #causeStatus: Uint16Array;
  readonly #sinceMs: Float64Array;
  /** 0 never, 1 by us, 2 by us with the peer's route renewed, 3 by the peer; with `replacedBit` by a new dialog. */
  readonly #healed: Uint8Array;

  constructor(columns: DialogColumns) {
    this.recovering = columns.uint8();
    this.phase = columns.uint8();
    this.quick = columns.uint8();
    this.left = columns.uint8();
    this.rung = columns.uint8();
    this.attempt = columns.uint16();
    this.generation = columns.uint32();
    this.healGeneration = columns.uint32();
    this.timer = columns.uint32();
    this.nextAttemptAtMs = columns.float64();
    this.aliveAtMs = columns.float64();
    this.#cause = columns.uint8();
    this.#causeStatus = columns.uint16();
    this.#sinceMs = columns.float64();
    this.#healed = columns.uint8();
  }

  /** A row that begins its life. */
  reset(dialog: DialogIndex, nowMs: number): void {
    clear(this.recovering, dialog);
    clear(this.phase, dialog);
    clear(this.quick, dialog);
    clear(this.left, dialog);
    clear(this.rung, dialog);
    clear(this.attempt, dialog);
    clear(this.generation, dialog);
    clear(this.nextAttemptAtMs, dialog);
    clear(this.timer, dialog);
    clear(this.#cause, dialog);
    clear(this.#causeStatus, dialog);
    this.#sinceMs[dialog] = nowMs;
    this.aliveAtMs[dialog] = nowMs;
    clear(this.#healed, dialog);
  }

  /** Why a route is held, or suspected, to be broken. */
  noteCause(dialog: DialogIndex, cause: BreakCause, status: number): void {
    this.#cause[dialog] = causes.indexOf(cause);
    this.#causeStatus[dialog] = status;
  }

  cause(dialog: DialogIndex): BreakCause | undefined {
    return causes[this.#cause[dialog] as number];
  }

  /** 0 where the cause is no response. */
  causeStatus(dialog: DialogIndex): number {
    return this.#causeStatus[dialog] as number;
  }

  markBroken(dialog: DialogIndex, nowMs: number, cause: BreakCause, status: number): void {
    this.recovering[dialog] = 1;
    this.attempt[dialog] = 0;
    this.noteCause(dialog, cause, status);
    this.#sinceMs[dialog] = nowMs;
  }

  /** Records a new route; `recovering` ends with it. */
  markHealed(
    dialog: DialogIndex,
    nowMs: number,
    by: 'local' | 'remote',
    peerRouteRefreshed: boolean,
    replaced: boolean,
  ): void {
    if (this.recovering[dialog] === 1) this.#sinceMs[dialog] = nowMs;
    this.recovering[dialog] = 0;
    this.left[dialog] = 0;
    this.generation[dialog] = (this.generation[dialog] as number) + 1;
    this.nextAttemptAtMs[dialog] = 0;
    this.aliveAtMs[dialog] = nowMs;
    const how = by === 'remote' ? 3 : peerRouteRefreshed ? 2 : 1;
    this.#healed[dialog] = replaced ? how | replacedBit : how;
  }

  /** When the route broke, if it is broken. */
  brokenAtMs(dialog: DialogIndex): number | undefined {
    return this.recovering[dialog] === 1 ? (this.#sinceMs[dialog] as number) : undefined;
  }

  status(dialog: DialogIndex, peerSupportsRecovery: boolean): RouteStatus {
    const healed = (this.#healed[dialog] as number) & ~replacedBit;
    const causeStatus = this.causeStatus(dialog);
    const nextAttemptAtMs = this.nextAttemptAtMs[dialog] as number;
    return {
      status: this.recovering[dialog] === 1 ? 'recovering' : 'healthy',
      sinceMs: this.#sinceMs[dialog] as number,
      cause: this.cause(dialog),
      causeStatus: causeStatus === 0 ? undefined : causeStatus,
      attempt: this.attempt[dialog] as number,
      nextAttemptAtMs: nextAttemptAtMs === 0 ? undefined : nextAttemptAtMs,
      generation: this.generation[dialog] as number,
      healedBy: healed === 0 ? undefined : healed === 3 ? 'remote' : 'local',
      peerRouteRefreshed: healed === 0 || healed === 3 ? undefined : healed === 2,
      peerSupportsRecovery,
      replaced: ((this.#healed[dialog] as number) & replacedBit) !== 0,
    };
  }
}
