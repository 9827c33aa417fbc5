import { Crew, type Leader } from './crew.ts';
import type { Order, PlanSize, Report } from './orders.ts';
import type { Violation } from './outcome.ts';
import { type SeedRange, Seeds } from './seeds.ts';
import { silenceMaxMs } from './silence.ts';

/** A seed that tells code with an edit from code without. */
export interface Catch {
  readonly seed: number;
  readonly rule: string;
  readonly what: string;
}

/** What to play, and how. */
export interface Hunt {
  readonly seeds: SeedRange;
  readonly size: PlanSize;
  readonly workers: number;
}

/** Plays seeds with edited code until one of them breaks a rule that the code without the edit keeps. */
export class Catcher implements Leader {
  caught: Catch | undefined;
  /** Seeds that were played to an end. */
  played = 0;
  readonly #hunt: Hunt;
  readonly #seeds: Seeds;
  readonly #crew: Crew;
  readonly #brokenAnyway: (seed: number) => Promise<ReadonlySet<string>>;
  #doubts: Promise<unknown> = Promise.resolve();

  /** `brokenAnyway` gives the rules that the code without the edit breaks with that seed: they tell nothing. */
  constructor(workerFile: string, hunt: Hunt, brokenAnyway: (seed: number) => Promise<ReadonlySet<string>>) {
    this.#hunt = hunt;
    this.#seeds = new Seeds(hunt.seeds, hunt.workers);
    this.#crew = new Crew(workerFile, this, silenceMaxMs(hunt.size));
    this.#brokenAnyway = brokenAnyway;
  }

  /** @throws when workers cannot be kept alive */
  async run(): Promise<Catch | undefined> {
    await this.#crew.work(Math.min(this.#hunt.workers, this.#seeds.count));
    await this.#doubts;
    return this.caught;
  }

  stop(): void {
    this.#crew.stop();
  }

  next(): Order | undefined {
    const seeds = this.#seeds.take();
    return seeds === undefined ? undefined : { order: 'play', seeds, size: this.#hunt.size, log: undefined };
  }

  hear(report: Report): void {
    if (report.report !== 'played') return;
    this.played += 1;
    const { seed, violations } = report.outcome;
    if (violations.length > 0) this.#suspect(seed, violations);
  }

  lose(order: Order, seed: number | undefined, how: string): void {
    if (order.order !== 'play') return;
    const lost = seed ?? order.seeds.from;
    this.#seeds.giveBack({ from: lost + 1, to: order.seeds.to });
    this.#suspect(lost, [{ rule: 'comes-to-an-end', what: how }]);
  }

  #suspect(seed: number, violations: readonly Pick<Violation, 'rule' | 'what'>[]): void {
    this.#doubts = this.#doubts.then(async () => {
      if (this.caught !== undefined) return;
      const anyway = await this.#brokenAnyway(seed);
      const telling = violations.find(({ rule }) => !anyway.has(rule));
      if (telling === undefined) return;
      this.caught = { seed, rule: telling.rule, what: telling.what };
      this.stop();
    });
  }
}
