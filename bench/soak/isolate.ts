import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

/*
 * What one thread takes. Loaded before the program into every thread of the process that is measured (`--import`): its shards have heaps
 * of their own, whose garbage would otherwise be collected when it pleases them, and that is what makes resident memory restless.
 */

/** Sizes are octets. */
export interface Isolate {
  readonly heapSize: number;
  readonly externalSize: number;
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

type Word =
  | { readonly word: 'collect'; readonly round: number }
  | ({ readonly word: 'figures'; readonly round: number } & Isolate);

const channelName = `sipmend-soak-${process.pid}`;
/** A thread that is being started anew does not answer. */
const answerLimitMs = 2_000;
const resolutionMs = 10;

const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();
let rounds = 0;

if (!isMainThread) {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = (event) => {
    const { word, round } = (event as { readonly data: Word }).data;
    if (word === 'collect') channel.postMessage({ word: 'figures', round, ...isolate() } satisfies Word);
  };
  channel.unref();
}

/** Collects the garbage of this thread and of so many others, and adds up what is left; delays are those of the slowest. */
export async function isolates(others: number): Promise<Isolate> {
  const round = ++rounds;
  const found: Isolate[] = [];
  const channel = new BroadcastChannel(channelName);
  try {
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, answerLimitMs);
      const settle = (): void => {
        if (found.length < others) return;
        clearTimeout(limit);
        resolve();
      };
      channel.onmessage = (event) => {
        const { data } = event as { readonly data: Word };
        if (data.word !== 'figures' || data.round !== round) return;
        found.push(data);
        settle();
      };
      channel.postMessage({ word: 'collect', round } satisfies Word);
      settle();
    });
  } finally {
    channel.close();
  }
  found.push(isolate());
  return {
    heapSize: found.reduce((sum, { heapSize }) => sum + heapSize, 0),
    externalSize: found.reduce((sum, { externalSize }) => sum + externalSize, 0),
    delayMs: {
      p50: Math.max(...found.map(({ delayMs }) => delayMs.p50)),
      p99: Math.max(...found.map(({ delayMs }) => delayMs.p99)),
      max: Math.max(...found.map(({ delayMs }) => delayMs.max)),
    },
  };
}

/** Of this thread. The pause that collecting makes is not counted among its delays. */
function isolate(): Isolate {
  const delayMs = {
    p50: lateness(delay.percentile(50)),
    p99: lateness(delay.percentile(99)),
    max: lateness(delay.max),
  };
  delay.disable();
  // `--expose-gc` is ours. What buffers hold that were found dead is freed beside, and for certain when the next collection begins.
  for (let time = 0; time < 2; time++) globalThis.gc?.();
  delay.reset();
  delay.enable();
  const { heapUsed, external } = process.memoryUsage();
  return { heapSize: heapUsed, externalSize: external, delayMs };
}

/** What was noted is the time between two turns, in nanoseconds. */
function lateness(betweenNs: number): number {
  return Math.max(0, Math.round(betweenNs / 1000 - 1000 * resolutionMs) / 1000);
}
