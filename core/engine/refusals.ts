import type { Address } from '../contract.ts';
import type { RefusalCounter } from './counters.ts';
import { refusalIntervalMs, refusalSourcesMax } from './limits.ts';

/** What was refused, of whom, and why, since that was last told. */
export interface RefusalReport<Counter extends string = RefusalCounter> {
  /** The counter that has gone up. */
  readonly counter: Counter;
  /** Why, of the last one: the Reason-Phrase of the answer, or words of ours. Nothing that a peer has written. */
  readonly reason: string;
  /**
   * Where the last one came from: anybody can write that on UDP. Undefined where it is not known, and for what came from more sources
   * than are told one by one.
   */
  readonly source: Address | undefined;
  /** So many of the source's host since it was last told of for this: 1 in the first report. */
  readonly count: number;
}

/** What is known of one host, or of all the others, since it was last told. */
interface Watched {
  reason: string;
  source: Address | undefined;
  count: number;
}

/**
 * Counts what is refused, and reports it at a bounded rate, whatever comes: of each counter and host the first at once, and then what
 * has come since every 10 s; 64 of these at a time, and the rest added up by counter.
 */
export class Refusals<Counter extends string> {
  readonly #counters: { [K in Counter]: number };
  readonly #report: ((report: RefusalReport<Counter>) => void) | undefined;
  readonly #hosts = new Map<Counter, Map<string, Watched>>();
  readonly #others = new Map<Counter, Watched>();
  #watchedCount = 0;
  #nowMs = 0;
  #tellAtMs: number | undefined;

  /** Without `report` it only counts. */
  constructor(counters: { [K in Counter]: number }, report: ((report: RefusalReport<Counter>) => void) | undefined) {
    this.#counters = counters;
    this.#report = report;
  }

  /** When `advance` has something to tell; undefined when it has not. */
  get wakeAtMs(): number | undefined {
    return this.#tellAtMs;
  }

  count(counter: Counter, reason: string, source: Address | undefined): void {
    this.#counters[counter]++;
    if (this.#report === undefined) return;
    this.#tellAtMs ??= this.#nowMs + refusalIntervalMs;
    const hosts = this.#hostsOf(counter);
    const host = source?.host ?? '';
    const watched = hosts.get(host);
    if (watched !== undefined) {
      note(watched, reason, source);
    } else if (this.#watchedCount < refusalSourcesMax) {
      this.#watchedCount++;
      hosts.set(host, { reason, source, count: 0 });
      this.#report({ counter, reason, source, count: 1 });
    } else {
      const others = this.#others.get(counter);
      if (others === undefined) this.#others.set(counter, { reason, source: undefined, count: 1 });
      else note(others, reason, undefined);
    }
  }

  /** Time has come so far: tells what is due. */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#tellAtMs === undefined || nowMs < this.#tellAtMs) return;
    for (const [counter, hosts] of this.#hosts) {
      for (const [host, watched] of hosts) {
        if (watched.count > 0) {
          this.#tell(counter, watched);
          continue;
        }
        hosts.delete(host);
        this.#watchedCount--;
      }
    }
    for (const [counter, others] of this.#others) this.#tell(counter, others);
    this.#others.clear();
    this.#tellAtMs = this.#watchedCount > 0 ? nowMs + refusalIntervalMs : undefined;
  }

  #tell(counter: Counter, watched: Watched): void {
    const { reason, source, count } = watched;
    watched.count = 0;
    this.#report?.({ counter, reason, source, count });
  }

  #hostsOf(counter: Counter): Map<string, Watched> {
    const known = this.#hosts.get(counter);
    if (known !== undefined) return known;
    const hosts = new Map<string, Watched>();
    this.#hosts.set(counter, hosts);
    return hosts;
  }
}

function note(watched: Watched, reason: string, source: Address | undefined): void {
  watched.reason = reason;
  watched.source = source;
  watched.count++;
}
