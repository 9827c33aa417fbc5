import { createContext, Script } from 'node:vm';
import { Chance } from './chance.ts';
import { Corpus } from './corpus.ts';
import type { Coverage } from './coverage.ts';
import { minimize } from './minimize.ts';
import { Mutator } from './mutator.ts';
import { Pace, slowRule } from './pace.ts';
import { ruleOf, type Target } from './target.ts';

/** An input that breaks a rule, with everything left out that can be. */
export interface Finding {
  readonly target: string;
  readonly rule: string;
  readonly message: string;
  readonly input: Uint8Array;
}

/** So many inputs run before we ask for coverage: by then the asking is a small part of the time. */
const usualBatchSize = 256;

/** First inputs bring much that is new: small batches have little to halve. */
const firstBatchSize = 16;

/** A batch takes some milliseconds. */
const usualEndlessMs = 10_000;

/**
 * Runs inputs, keeps those that reach blocks which none before reached, and makes new inputs of what it keeps. Everything follows from
 * the seed.
 */
export class Fuzzer {
  readonly corpus: Corpus = new Corpus();
  /** One for each rule that was broken. */
  readonly findings: Map<string, Finding> = new Map();
  /** Inputs run, but for those that measure or minimize. */
  executions = 0;
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #chance: Chance;
  readonly #mutator: Mutator;
  readonly #pace: Pace | undefined;
  readonly #endlessMs: number;
  readonly #task: { run: () => void } = { run: () => {} };
  readonly #sandbox = createContext(this.#task);
  readonly #script = new Script('run()');

  /** With `watchesPace`, an input that takes far more time an octet than others is a finding. */
  constructor(options: {
    readonly target: Target;
    readonly coverage: Coverage;
    readonly seed: number;
    readonly watchesPace?: boolean;
    /** An input, or a batch of them, that takes as long as this is held to be endless. */
    readonly endlessMs?: number;
  }) {
    this.#endlessMs = options.endlessMs ?? usualEndlessMs;
    this.#target = options.target;
    this.#coverage = options.coverage;
    this.#chance = new Chance(options.seed);
    this.#mutator = new Mutator(this.#chance, options.target.words);
    const { target, watchesPace = false } = options;
    this.#pace = watchesPace && target.isProgram !== true ? new Pace((input) => target.run(input)) : undefined;
  }

  /** Runs the target's first inputs. To be called once, before the rest. */
  begin(): void {
    const inputs = this.#target.starts();
    // Where one takes long it is not run again and again until it stands alone.
    const size = this.#target.batchSize === undefined ? firstBatchSize : 1;
    for (let at = 0; at < inputs.length; at += size) this.#batch(inputs.slice(at, at + size));
  }

  /** Runs one batch of new inputs. */
  step(): void {
    const length = this.#target.batchSize ?? usualBatchSize;
    this.#batch(Array.from({ length }, () => this.#mutator.mutate(this.#pick(), this.#pick())));
  }

  #pick(): Uint8Array {
    return this.corpus.pick(this.#chance);
  }

  #batch(inputs: readonly Uint8Array[]): void {
    this.executions += inputs.length;
    const failures = new Map<Uint8Array, unknown>();
    const ended = this.#ends(() => {
      for (const input of inputs) this.#try(input, failures);
    });
    if (!ended) this.#findEndless(inputs);
    for (const [input, failure] of failures) this.#found(input, failure);
    if (inputs.length === 1) this.#failure(this.corpus.first); // so that it does not stand alone: see `Coverage`
    if (!this.#coverage.look()) return;
    // What does not end is not run again, nor what came with it.
    if (ended) this.#keepNew(inputs);
    this.#coverage.keep();
  }

  /** Halves the inputs until those that brought something new stand alone. */
  #keepNew(inputs: readonly Uint8Array[]): void {
    const [only] = inputs;
    if (only !== undefined && inputs.length === 1) {
      this.corpus.add(only);
      this.#coverage.keep();
      return;
    }
    const half = inputs.length >> 1;
    for (const part of [inputs.slice(0, half), inputs.slice(half)]) {
      this.#failure(this.corpus.first); // so that no input stands alone: see `Coverage`
      for (const input of part) this.#failure(input);
      if (this.#coverage.look()) this.#keepNew(part);
    }
  }

  #try(input: Uint8Array, failures: Map<Uint8Array, unknown>): void {
    const failure = this.#pace === undefined ? this.#failure(input) : this.#paced(input, this.#pace);
    if (failure !== undefined) failures.set(input, failure);
  }

  #paced(input: Uint8Array, pace: Pace): unknown {
    pace.begin();
    const failure = this.#failure(input);
    return failure ?? pace.end(input);
  }

  /** What the target throws. */
  #failure(input: Uint8Array): unknown {
    try {
      this.#target.run(input);
      return undefined;
    } catch (error) {
      return error ?? new Error('threw nothing');
    }
  }

  #found(input: Uint8Array, failure: unknown): void {
    const rule = ruleOf(failure);
    if (this.findings.has(rule)) return;
    const least = rule === slowRule ? input : minimize(input, (smaller) => this.#fails(smaller, rule));
    const error = this.#failure(least) ?? failure;
    const message = error instanceof Error ? error.message : String(error);
    this.findings.set(rule, { target: this.#target.name, rule, message, input: least });
  }

  #fails(input: Uint8Array, rule: string): boolean {
    let failure: unknown;
    const ended = this.#ends(() => {
      failure = this.#failure(input);
    });
    return ended && failure !== undefined && ruleOf(failure) === rule;
  }

  #findEndless(inputs: readonly Uint8Array[]): void {
    const rule = 'an input comes to an end';
    const endless = inputs.find((input) => !this.#ends(() => this.#failure(input)));
    if (endless === undefined || this.findings.has(rule)) return;
    this.findings.set(rule, {
      target: this.#target.name,
      rule,
      message: `${rule}: not in ${this.#endlessMs} ms`,
      input: endless,
    });
  }

  /** Runs a task; false when it had to be stopped. Only a script of `node:vm` can be. */
  #ends(task: () => void): boolean {
    this.#task.run = task;
    try {
      this.#script.runInContext(this.#sandbox, { timeout: this.#endlessMs });
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
      throw error;
    }
  }
}
