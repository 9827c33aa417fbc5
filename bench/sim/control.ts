import { Hand } from './hand.ts';
import type { Order, PlanSize, Report } from './orders.ts';

/** One worker that is asked things, and answers each with all that it has to say. */
export class Control {
  readonly #hand: Hand;
  #turn: Promise<unknown> = Promise.resolve();
  #reports: Report[] = [];
  #settle: { resolve(reports: readonly Report[]): void; reject(error: Error): void } | undefined;
  #dead: string | undefined;

  constructor(workerFile: string) {
    this.#hand = new Hand(
      workerFile,
      (report) => this.#hear(report),
      (how) => {
        this.#dead = how;
        this.#settle?.reject(new Error(`a worker of the simulator ended by itself (${how})`));
      },
    );
  }

  /** Its reports, without `done`. Orders wait for each other. */
  ask(order: Order): Promise<readonly Report[]> {
    const answer = this.#turn.then(
      () =>
        new Promise<readonly Report[]>((resolve, reject) => {
          if (this.#dead !== undefined) reject(new Error(`a worker of the simulator ended by itself (${this.#dead})`));
          this.#reports = [];
          this.#settle = { resolve, reject };
          this.#hand.tell(order);
        }),
    );
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** The rules that it breaks with a seed. */
  async broken(seed: number, size: PlanSize): Promise<ReadonlySet<string>> {
    const reports = await this.ask({ order: 'play', seeds: { from: seed, to: seed }, size, log: undefined });
    return new Set(
      reports.flatMap((report) =>
        report.report === 'played' ? report.outcome.violations.map(({ rule }) => rule) : [],
      ),
    );
  }

  end(): Promise<void> {
    return this.#hand.end();
  }

  #hear(report: Report): void {
    if (report.report === 'done') this.#settle?.resolve(this.#reports);
    else if (report.report !== 'ready' && report.report !== 'busy') this.#reports.push(report);
  }
}
