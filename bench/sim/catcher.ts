import { Crew, type Leader } from './crew.ts';
import type { Order, PlanSize, Report } from './orders.ts';
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
  readonly #isInnocent: (seed: number, rule: string) => Promise<boolean>;
  #doubts: Promise<unknown> = Promise.resolve();

  /** `isInnocent` says whether the code without the edit keeps that rule with that seed. */
  constructor(workerFile: string, hunt: Hunt, isInnocent: (seed: number, rule: string) => Promise<boolean>) {
    this.#hunt = hunt;
    this.#seeds = new Seeds(hunt.seeds, hunt.workers);
    this.#crew = new Crew(workerFile, this, silenceMaxMs(hunt.size));
    this.#isInnocent = isInnocent;
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
    const [first] = violations;
    if (first !== undefined) this.#suspect({ seed, rule: first.rule, what: first.what });
  }

  lose(order: Order, seed: number | undefined, how: string): void {
    if (order.order !== 'play') return;
    const lost = seed ?? order.seeds.from;
    this.#seeds.giveBack({ from: lost + 1, to: order.seeds.to });
    this.#suspect({ seed: lost, rule: 'comes-to-an-end', what: how });
  }

  #suspect(suspect: Catch): void {
    this.#doubts = this.#doubts.then(async () => {
      if (this.caught !== undefined || !(await this.#isInnocent(suspect.seed, suspect.rule))) return;
      this.caught = suspect;
      this.stop();
    });
  }
}
