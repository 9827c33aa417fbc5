import { PerformanceObserver } from 'node:perf_hooks';

/** What some work left to the garbage collector. */
export interface Garbage {
  /** Collections while it ran. */
  readonly collections: number;
  /** Octets that the heap grew by. With no collection in between, all that was allocated. */
  readonly heapGrowth: number;
}

/** Does the work and looks at what it allocates. */
export async function garbageOf(work: () => void): Promise<Garbage> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  await turn(); // what happened before is not counted
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  work();
  const heapGrowth = process.memoryUsage().heapUsed - before;
  await turn(); // collections are told of in a later turn
  observer.disconnect();
  return { collections, heapGrowth };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
