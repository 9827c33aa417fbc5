import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Order, Report } from './orders.ts';

/** One process that plays, and does one thing at a time. */
export class Hand {
  /** What it is at; undefined when it waits. */
  order: Order | undefined;
  /** The seed under play. */
  seed: number | undefined;
  /** It has started, and takes orders. */
  ready = false;
  heardAtMs = performance.now();
  readonly #process: ChildProcess;
  #ended = false;

  /** `died` is told of every end that was not asked for by `end`. */
  constructor(workerFile: string, hear: (report: Report) => void, died: (how: string) => void) {
    this.#process = fork(workerFile, [], { execArgv: ['--enable-source-maps'] });
    this.#process.on('message', (report: Report) => {
      if (this.#ended) return;
      this.#note(report);
      hear(report);
    });
    this.#process.once('error', (error) => this.#die(died, error.message));
    this.#process.once('exit', (code, signal) => this.#die(died, signal ?? `exit code ${code}`));
  }

  tell(order: Order): void {
    this.order = order;
    if (order.order === 'play') this.seed = order.seeds.from;
    this.heardAtMs = performance.now();
    // One that is dying does not take it; its end is told in any case.
    this.#process.send(order, () => undefined);
  }

  /** Kills it; resolves when it is gone. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  #note(report: Report): void {
    this.heardAtMs = performance.now();
    if (report.report === 'ready') this.ready = true;
    if (report.report === 'played') this.seed = report.outcome.seed + 1;
    if (report.report !== 'done') return;
    this.order = undefined;
    this.seed = undefined;
  }

  #die(died: (how: string) => void, how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    died(how);
  }
}
