import type { FlowId } from '../contract.ts';
import { type Columns, grown, rowSizeOf } from './runs.ts';

/** Which transactions use which flow: a doubly linked list for each flow, so that a lost flow costs what hangs on it. */
export class FlowLists implements Columns {
  readonly #first = new Map<FlowId, number>();
  #flows: Float64Array = new Float64Array(0);
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  readonly rowSize: number = rowSizeOf(this.#flows, this.#next, this.#previous);

  resize(size: number): void {
    this.#flows = grown(this.#flows, new Float64Array(size));
    this.#next = grown(this.#next, new Int32Array(size));
    this.#previous = grown(this.#previous, new Int32Array(size));
  }

  /** The flow of an index that is in a list. */
  flow(index: number): FlowId {
    return this.#flows[index] as FlowId;
  }

  add(index: number, flow: FlowId): void {
    const first = this.#first.get(flow) ?? 0;
    this.#flows[index] = flow;
    this.#next[index] = first;
    this.#previous[index] = 0;
    if (first !== 0) this.#previous[first] = index;
    this.#first.set(flow, index);
  }

  remove(index: number): void {
    const flow = this.flow(index);
    const next = this.#next[index] as number;
    const previous = this.#previous[index] as number;
    if (next !== 0) this.#previous[next] = previous;
    if (previous !== 0) this.#next[previous] = next;
    else if (next !== 0) this.#first.set(flow, next);
    else this.#first.delete(flow);
  }

  /** Whether anything is on the flow. */
  has(flow: FlowId): boolean {
    return this.#first.has(flow);
  }

  /** What is on the flow now, oldest first: a copy, for what is done to them may change the lists. */
  on(flow: FlowId): number[] {
    const indexes: number[] = [];
    for (let index = this.#first.get(flow) ?? 0; index !== 0; index = this.#next[index] as number) indexes.push(index);
    return indexes.reverse();
  }
}
