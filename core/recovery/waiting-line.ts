import { DialogFlag, type DialogIndex, type DialogTable } from '../dialog/table.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import type { Pacer } from './pacer.ts';
import { type Priority, priorityOf } from './priority.ts';
import { PriorityQueue } from './priority-queue.ts';
import { Phase, type RouteHealth } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';

/** A dialog whose turn has come, and the hop to heal it by. */
export interface Turn {
  readonly dialog: DialogIndex;
  readonly hop: Hop;
}

/**
 * The dialogs that are to be healed as soon as a hop is alive and has room in its window: those in phase `queued`, by their priority.
 *
 * Who leaves the line early takes another phase; the entry that stays behind is passed over.
 */
export class WaitingLine {
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #pacer: Pacer;
  readonly #health: RouteHealth;
  readonly #policy: RouteSetPolicy;
  readonly #line = new PriorityQueue();
  /** Dialogs of a break that is being marked, to be taken from the back. */
  #fromBack: DialogIndex[] = [];
  /** Dialogs that wait for one hop alone, since they may be healed by no other: by the hop's index. */
  readonly #parked = new Map<number, PriorityQueue>();

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly pacer: Pacer;
    readonly health: RouteHealth;
    readonly policy: RouteSetPolicy;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#pacer = options.pacer;
    this.#health = options.health;
    this.#policy = options.policy;
  }

  join(dialog: DialogIndex): void {
    this.#join(dialog, false);
  }

  /** Goes before all that are not urgent. */
  joinUrgent(dialog: DialogIndex): void {
    this.#join(dialog, true);
  }

  /**
   * Both ends of a break walk much the same dialogs in the same order. The owner of the Call-ID takes them from the front, the
   * other end from the back, so that they meet in the middle instead of healing each dialog twice.
   */
  joinBroken(dialog: DialogIndex): void {
    if (this.#table.has(dialog, DialogFlag.callIdOwner)) {
      this.#join(dialog, false);
      return;
    }
    this.#health.phase[dialog] = Phase.queued;
    this.#fromBack.push(dialog);
  }

  /** Whose turn it is, taken out of the line and idle; undefined when nobody waits, or no hop can heal who does. */
  next(): Turn | undefined {
    this.#turnBack();
    for (let dialog = this.#line.peek(); dialog !== -1; dialog = this.#line.peek()) {
      if (this.#health.phase[dialog] !== Phase.queued) {
        this.#line.drop();
        continue;
      }
      const hop = this.#hopFor(dialog);
      if (hop === undefined && (this.anyHopHeals || this.#pacer.isSpent)) return undefined;
      this.#line.drop();
      if (hop !== undefined) {
        this.#health.phase[dialog] = Phase.idle;
        return { dialog, hop };
      }
      this.#park(dialog);
    }
    return undefined;
  }

  /** Those that wait for this hop alone stand in line once more. */
  release(hop: Hop): void {
    this.#unpark(hop.index, Number.POSITIVE_INFINITY);
  }

  /** The same for as many as it has room for, now that a heal by it has ended. */
  releaseSome(hop: Hop): void {
    this.#unpark(hop.index, Math.max(1, this.#pacer.room(hop)));
  }

  /** Those that wait for one hop alone may be healed by others now. */
  releaseAll(): void {
    for (const index of [...this.#parked.keys()]) this.#unpark(index, Number.POSITIVE_INFINITY);
  }

  /** Whether each hop of the list may heal each dialog. If not, there is only a dialog's own. */
  get anyHopHeals(): boolean {
    return this.#policy === 'ms-sipre' && this.#hops.listed.length > 0;
  }

  #join(dialog: DialogIndex, urgent: boolean): void {
    this.#health.phase[dialog] = Phase.queued;
    this.#line.push(dialog, priorityOf(this.#table, dialog, urgent));
  }

  /** Those of a break that are taken from its back stand in line behind those of earlier breaks. */
  #turnBack(): void {
    if (this.#fromBack.length === 0) return;
    const broken = this.#fromBack.reverse();
    this.#fromBack = [];
    for (const dialog of broken) {
      if (this.#health.phase[dialog] === Phase.queued) this.#join(dialog, false);
    }
  }

  /** The hop that answered is asked first; later attempts go round. Undefined when none is alive, or has room in its window. */
  #hopFor(dialog: DialogIndex): Hop | undefined {
    const own = this.#hops.of(dialog);
    if (this.anyHopHeals) {
      return this.#pacer.pick((this.#health.attempt[dialog] as number) % 2 === 0 ? own : undefined);
    }
    return own !== undefined && this.#hops.usable(own) && this.#pacer.room(own) > 0 ? own : undefined;
  }

  /** Takes a dialog aside until its own hop has room, so that it holds up none of those behind it. */
  #park(dialog: DialogIndex): void {
    const index = this.#hops.of(dialog)?.index ?? -1;
    const queue = this.#parked.get(index) ?? new PriorityQueue();
    this.#parked.set(index, queue);
    queue.push(dialog, this.#waitingPriority(dialog));
  }

  #waitingPriority(dialog: DialogIndex): Priority {
    return priorityOf(this.#table, dialog, this.#health.quick[dialog] === 1);
  }

  #unpark(index: number, most: number): void {
    const parked = this.#parked.get(index);
    if (parked === undefined) return;
    for (let left = most; left > 0 && parked.count > 0; ) {
      const dialog = parked.peek();
      parked.drop();
      if (this.#health.phase[dialog] !== Phase.queued) continue;
      this.#line.push(dialog, this.#waitingPriority(dialog));
      left--;
    }
    if (parked.count === 0) this.#parked.delete(index);
  }
}
