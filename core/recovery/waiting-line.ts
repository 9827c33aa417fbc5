import { DialogFlag, type DialogIndex, type DialogTable } from '../dialog/table.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { DialogQueue } from './queue.ts';
import { Phase, type RouteHealth } from './route-health.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';

/** A dialog whose turn has come, and the hop to heal it by. */
export interface Turn {
  readonly dialog: DialogIndex;
  readonly hop: Hop;
}

/**
 * The dialogs that are to be healed as soon as a hop is alive and has room in its window: those in phase `queued`.
 *
 * Urgent ones go first. Who leaves the line early takes another phase; the entry that stays behind is passed over.
 */
export class WaitingLine {
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #health: RouteHealth;
  readonly #policy: RouteSetPolicy;
  readonly #ordinary = new DialogQueue();
  readonly #urgent = new DialogQueue();
  /** Dialogs that wait for one hop alone, since they may be healed by no other: by the hop's index. */
  readonly #parked = new Map<number, DialogQueue>();

  constructor(table: DialogTable, hops: Hops, health: RouteHealth, policy: RouteSetPolicy) {
    this.#table = table;
    this.#hops = hops;
    this.#health = health;
    this.#policy = policy;
  }

  join(dialog: DialogIndex): void {
    this.#health.phase[dialog] = Phase.queued;
    this.#ordinary.push(dialog);
  }

  /** Goes before all that are not urgent. */
  joinUrgent(dialog: DialogIndex): void {
    this.#health.phase[dialog] = Phase.queued;
    this.#urgent.push(dialog);
  }

  /**
   * Both ends of a break walk much the same dialogs in the same order. The owner of the Call-ID takes them from the front, the
   * other end from the back, so that they meet in the middle instead of healing each dialog twice.
   */
  joinBroken(dialog: DialogIndex): void {
    this.#health.phase[dialog] = Phase.queued;
    if (this.#table.has(dialog, DialogFlag.callIdOwner)) this.#ordinary.push(dialog);
    else this.#ordinary.pushFirst(dialog);
  }

  /** Whose turn it is, taken out of the line and idle; undefined when nobody waits, or no hop can heal who does. */
  next(): Turn | undefined {
    return this.#nextOf(this.#urgent) ?? this.#nextOf(this.#ordinary);
  }

  /** Those that wait for this hop alone stand in line once more. */
  release(hop: Hop): void {
    this.#unpark(hop.index, Number.POSITIVE_INFINITY);
  }

  /** The same for as many as it has room for, now that a heal by it has ended. */
  releaseSome(hop: Hop): void {
    this.#unpark(hop.index, Math.max(1, this.#hops.healingRoom(hop)));
  }

  /** Those that wait for one hop alone may be healed by others now. */
  releaseAll(): void {
    for (const index of [...this.#parked.keys()]) this.#unpark(index, Number.POSITIVE_INFINITY);
  }

  /** Whether each hop of the list may heal each dialog. If not, there is only a dialog's own. */
  get anyHopHeals(): boolean {
    return this.#policy === 'ms-sipre' && this.#hops.listed.length > 0;
  }

  #nextOf(queue: DialogQueue): Turn | undefined {
    for (let dialog = queue.peek(); dialog !== -1; dialog = queue.peek()) {
      if (this.#health.phase[dialog] !== Phase.queued) {
        queue.drop();
        continue;
      }
      const hop = this.#hopFor(dialog);
      if (hop === undefined && this.anyHopHeals) return undefined;
      queue.drop();
      if (hop !== undefined) {
        this.#health.phase[dialog] = Phase.idle;
        return { dialog, hop };
      }
      this.#park(dialog);
    }
    return undefined;
  }

  /** The hop that answered is asked first; later attempts go round. Undefined when none is alive, or has room in its window. */
  #hopFor(dialog: DialogIndex): Hop | undefined {
    const own = this.#hops.of(dialog);
    if (this.anyHopHeals) {
      return this.#hops.pick((this.#health.attempt[dialog] as number) % 2 === 0 ? own : undefined, true);
    }
    return own !== undefined && this.#hops.usable(own) && this.#hops.healingRoom(own) > 0 ? own : undefined;
  }

  /** Takes a dialog aside until its own hop has room, so that it holds up none of those behind it. */
  #park(dialog: DialogIndex): void {
    const index = this.#hops.of(dialog)?.index ?? -1;
    const queue = this.#parked.get(index) ?? new DialogQueue();
    this.#parked.set(index, queue);
    queue.push(dialog);
  }

  #unpark(index: number, most: number): void {
    const parked = this.#parked.get(index);
    if (parked === undefined) return;
    for (let left = most; left > 0 && parked.count > 0; ) {
      const dialog = parked.peek();
      parked.drop();
      if (this.#health.phase[dialog] !== Phase.queued) continue;
      this.#ordinary.push(dialog);
      left--;
    }
    if (parked.count === 0) this.#parked.delete(index);
  }
}
