import type { DialogIndex } from '../dialog/table.ts';
import { type Priority, priorityCount } from './priority.ts';
import { DialogQueue } from './queue.ts';

/** Dialogs by their priority, and among equals in the order in which they came. */
export class PriorityQueue {
  readonly #queues: (DialogQueue | undefined)[] = new Array<DialogQueue | undefined>(priorityCount).fill(undefined);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(dialog: DialogIndex, priority: Priority): void {
    const queue = this.#queues[priority] ?? new DialogQueue();
    this.#queues[priority] = queue;
    queue.push(dialog);
    this.#count++;
  }

  /** Who is to be taken next, and stays; -1 when there is nobody. */
  peek(): DialogIndex {
    return this.#first()?.peek() ?? -1;
  }

  drop(): void {
    this.#first()?.drop();
    this.#count--;
  }

  #first(): DialogQueue | undefined {
    if (this.#count === 0) return undefined;
    for (const queue of this.#queues) if (queue !== undefined && queue.count > 0) return queue;
    return undefined;
  }
}
