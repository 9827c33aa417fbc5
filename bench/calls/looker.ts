import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Look } from './messages.ts';

const resolutionMs = 10;
const nanosecondsPerMs = 1e6;

/** Looks at the process that it runs in. */
export class Looker {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#delay.enable();
  }

  /** What it has used so far; `collect`: after a garbage collection, where the process was started so that it can. */
  look(collect: boolean): Pick<Look, 'atMs' | 'cpuMs' | 'rssSize' | 'loopDelayMs'> {
    if (collect) for (let times = 0; times < 2; times++) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const loopDelayMs = {
      p50: this.#behind(this.#delay.percentile(50)),
      p99: this.#behind(this.#delay.percentile(99)),
      max: this.#behind(this.#delay.max),
    };
    this.#delay.reset();
    return { atMs: performance.now(), cpuMs: (user + system) / 1000, rssSize: process.memoryUsage.rss(), loopDelayMs };
  }

  /** What is measured are the intervals of a timer: what they have more than they should is the delay. */
  #behind(nanoseconds: number): number {
    return Math.max(0, Math.round((1000 * nanoseconds) / nanosecondsPerMs) / 1000 - resolutionMs);
  }
}
