import type { SimRun } from './arguments.ts';
import { Crew, type Leader } from './crew.ts';
import type { Explanation, Failing, Order, Report } from './orders.ts';
import type { Outcome, Violation } from './outcome.ts';
import { Progress } from './progress.ts';
import { explanationText, violationLine } from './results.ts';
import { Seeds } from './seeds.ts';
import { silenceMaxMs } from './silence.ts';
import { emptyTally, Total } from './total.ts';

/** So many violations are printed and kept; all are counted. */
const violationsMax = 100;

/** A violation and where it was found. */
export interface Found extends Violation {
  readonly seed: number;
}

/** Plays seeds, or one plan, and prints what it finds as it finds it. */
export class SimRunner implements Leader {
  readonly total = new Total();
  /** The first ones. */
  readonly found: Found[] = [];
  readonly explanations: Explanation[] = [];
  /** Why a worker could not do what it was told. */
  refusal: string | undefined;
  readonly #asked: SimRun;
  readonly #seeds: Seeds;
  readonly #crew: Crew;
  readonly #failing: Failing[] = [];
  readonly #explained = new Set<string>();
  #planWaits: boolean;
  #progress: Progress | undefined;

  constructor(asked: SimRun, workerFile: string) {
    this.#asked = asked;
    this.#seeds = new Seeds(asked.seeds, asked.workers);
    this.#planWaits = asked.plan !== undefined;
    this.#crew = new Crew(workerFile, this, silenceMaxMs(asked.size));
  }

  /** Gives the seconds that it took. @throws when workers cannot be kept alive */
  async run(): Promise<number> {
    const { plan, workers } = this.#asked;
    const count = plan === undefined ? this.#seeds.count : 1;
    const progress = new Progress(() => ({
      seeds: this.total.seeds,
      of: count,
      violations: this.total.violations,
      virtualMs: this.total.virtualMs,
    }));
    this.#progress = progress;
    try {
      await this.#crew.work(Math.min(workers, count));
    } finally {
      progress.end();
    }
    return progress.seconds;
  }

  /** Leaves it at what there is. */
  stop(): void {
    this.#crew.stop();
  }

  next(): Order | undefined {
    const { size, plan, log } = this.#asked;
    const failing = this.#failing.shift();
    if (failing !== undefined) return { order: 'explain', what: failing, size };
    if (plan !== undefined) {
      if (!this.#planWaits) return undefined;
      this.#planWaits = false;
      return { order: 'play-plan', plan, log };
    }
    const seeds = this.#seeds.take();
    return seeds === undefined ? undefined : { order: 'play', seeds, size, log };
  }

  hear(report: Report): void {
    if (report.report === 'played') this.#take(report.outcome, true);
    else if (report.report === 'explained') this.#explain(report.explanation);
    else if (report.report === 'refused') {
      this.refusal = report.why;
      this.stop();
    }
  }

  lose(order: Order, seed: number | undefined, how: string): void {
    if (order.order === 'play') {
      const lost = seed ?? order.seeds.from;
      this.#seeds.giveBack({ from: lost + 1, to: order.seeds.to });
      this.#take(lostOutcome(lost, how), false);
    } else if (order.order === 'play-plan') this.#take(lostOutcome(0, how), false);
    else if (order.order === 'explain')
      this.#progress?.print(`${this.#source(order.what.seed)}: ${order.what.rule} could not be explained (${how})`);
  }

  #take(outcome: Outcome, explains: boolean): void {
    this.total.add(outcome);
    const { seed, violations } = outcome;
    for (const violation of violations) {
      if (this.found.length < violationsMax) {
        this.found.push({ seed, ...violation });
        this.#progress?.print(violationLine(this.#source(seed), violation));
      }
      if (explains) this.#askWhy(seed, violation.rule);
    }
  }

  #askWhy(seed: number, rule: string): void {
    if (this.#explained.has(rule) || this.#explained.size >= this.#asked.explains) return;
    this.#explained.add(rule);
    this.#failing.push({ seed, rule, plan: this.#asked.plan });
  }

  #explain(explanation: Explanation): void {
    this.explanations.push(explanation);
    this.#progress?.print(`\n${explanationText(this.#source(explanation.seed), explanation)}`);
  }

  #source(seed: number): string {
    return this.#asked.plan === undefined ? `--seed ${seed}` : 'the plan';
  }
}

/** A seed that came to no end breaks a rule of its own. */
function lostOutcome(seed: number, how: string): Outcome {
  return {
    seed,
    violations: [{ rule: 'comes-to-an-end', atMs: 0, what: `its worker was lost: ${how}` }],
    tally: emptyTally,
  };
}
