import { BrokenRule } from './target.ts';

/** An input that takes less is not worth a thought. */
const patienceMs = 20;
/** So many times the usual is no chance, and no garbage collection. */
const slowFactor = 40;
/** What an input costs beside its octets, in octets. */
const overheadSize = 500;
const measurements = 5;

export const slowRule = 'time grows with the size';

/** Tells inputs whose time grows faster than their size. */
export class Pace {
  readonly #run: (input: Uint8Array) => void;
  #beganMs = 0;
  /** The median of milliseconds an octet: each input moves it one step. */
  #usual = 0;

  constructor(run: (input: Uint8Array) => void) {
    this.#run = run;
  }

  begin(): void {
    this.#beganMs = performance.now();
  }

  /** The input has run since `begin`; gives what is wrong with its time, measured again before it is believed. */
  end(input: Uint8Array): BrokenRule | undefined {
    const tookMs = performance.now() - this.#beganMs;
    const pace = tookMs / (input.length + overheadSize);
    if (this.#usual === 0) this.#usual = pace;
    else this.#usual *= pace > this.#usual ? 1.01 : 1 / 1.01;
    const boundMs = Math.max(patienceMs, slowFactor * this.#usual * (input.length + overheadSize));
    if (tookMs < boundMs) return undefined;
    const bestMs = Math.min(...Array.from({ length: measurements }, () => this.#measure(input)));
    if (bestMs < boundMs) return undefined;
    const detail = `${input.length} octets take ${bestMs.toFixed(1)} ms, ${Math.round((bestMs / boundMs) * slowFactor)} times the usual`;
    return new BrokenRule(slowRule, detail);
  }

  #measure(input: Uint8Array): number {
    this.begin();
    try {
      this.#run(input);
    } catch {
      // What it throws is another finding's affair.
    }
    return performance.now() - this.#beganMs;
  }
}
