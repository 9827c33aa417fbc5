import { BrokenRule } from './target.ts';

/** An input that takes less is not worth a thought. */
const patienceMs = 20;
/** So many times the usual is no chance, and no garbage collection; but it may be a long way through the code. */
const slowFactor = 40;
/** Half of the input takes half the time where time grows as the size does, and a quarter where it grows as its square. */
const halvedFactor = 1.5;
/** What an input costs beside its octets, in octets. */
const overheadSize = 500;
const measurements = 5;

export const slowRule = 'time grows no faster than the size';

/** Tells inputs whose time grows faster than their size. */
export class Pace {
  readonly #run: (input: Uint8Array) => void;
  readonly #nowMs: () => number;
  #beganMs = 0;
  /** The median of milliseconds an octet: each input moves it one step. */
  #usual = 0;

  constructor(run: (input: Uint8Array) => void, nowMs: () => number = () => performance.now()) {
    this.#run = run;
    this.#nowMs = nowMs;
  }

  begin(): void {
    this.#beganMs = this.#nowMs();
  }

  /** The input has run since `begin`; gives what is wrong with its time, measured again before it is believed. */
  end(input: Uint8Array): BrokenRule | undefined {
    const tookMs = this.#nowMs() - this.#beganMs;
    const pace = tookMs / (input.length + overheadSize);
    if (this.#usual === 0) this.#usual = pace;
    else this.#usual *= pace > this.#usual ? 1.01 : 1 / 1.01;
    const boundMs = Math.max(patienceMs, slowFactor * this.#usual * (input.length + overheadSize));
    if (tookMs < boundMs) return undefined;
    const bestMs = this.#bestOf(input);
    if (bestMs < boundMs) return undefined;
    const half = input.subarray(0, input.length >> 1);
    const halfMs = this.#bestOf(half);
    if (bestMs / input.length < (halvedFactor * halfMs) / half.length) return undefined;
    const took = `${input.length} octets take ${bestMs.toFixed(1)} ms, the first half of them ${halfMs.toFixed(1)} ms`;
    return new BrokenRule(slowRule, took);
  }

  #bestOf(input: Uint8Array): number {
    return Math.min(...Array.from({ length: measurements }, () => this.#measure(input)));
  }

  #measure(input: Uint8Array): number {
    this.begin();
    try {
      this.#run(input);
    } catch {
      // What it throws is another finding's affair.
    }
    return this.#nowMs() - this.#beganMs;
  }
}
