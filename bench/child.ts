import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process that has not ended by then does not mean to. */
const endLimitMs = 2_000;

/** A process beside this one that runs code of ours, takes orders and reports. */
export class Child<Order extends object, Report extends { readonly report: string }> {
  readonly pid: number;
  readonly #name: string;
  readonly #process: ChildProcess;
  #isEnding = false;

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.#name = name;
    this.#process = child;
    this.pid = pid;
  }

  /**
   * Starts an entry file, `storm/caller-process`; resolves with its first report, which it makes when it is ready. `environment` is
   * added to ours.
   */
  static async start<Order extends object, Report extends { readonly report: string }>(
    entry: string,
    settings: object,
    execArgv: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly child: Child<Order, Report>; readonly ready: Report }> {
    const child = fork(join(import.meta.dirname, `${entry}.js`), [JSON.stringify(settings)], {
      execArgv: ['--enable-source-maps', ...execArgv],
      env: { ...process.env, ...environment },
    });
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the process '${entry}' did not start: ${signal ?? `exit code ${code}`}`);
    });
    const [ready] = (await Promise.race([once(child, 'message'), ended])) as [Report];
    if (child.pid === undefined) throw new Error(`'${entry}' has no process`);
    return { child: new Child<Order, Report>(entry, child, child.pid), ready };
  }

  tell(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }

  /** Gives the order and resolves with the next report of that kind; rejects when `signal` aborts. */
  ask<R extends Report['report']>(
    order: Order,
    report: R,
    signal: AbortSignal,
  ): Promise<Extract<Report, { readonly report: R }>> {
    const answer = this.next(report, signal);
    this.tell(order);
    return answer;
  }

  /** Resolves with the next report of that kind; rejects when `signal` aborts. */
  next<R extends Report['report']>(report: R, signal: AbortSignal): Promise<Extract<Report, { readonly report: R }>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#process.off('message', hear);
        reject(signal.reason);
      };
      const hear = (message: Report): void => {
        if (message.report !== report) return;
        this.#process.off('message', hear);
        signal.removeEventListener('abort', stop);
        resolve(message as Extract<Report, { readonly report: R }>);
      };
      this.#process.on('message', hear);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
  }

  hear(listener: (report: Report) => void): void {
    this.#process.on('message', listener);
  }

  /** Tells of a death that nobody ordered. */
  onDeath(listener: (how: string) => void): void {
    this.#process.once('exit', (code, signal) => {
      if (!this.#isEnding) listener(`the process '${this.#name}' died: ${signal ?? `exit code ${code}`}`);
    });
  }

  /** Lets it go, which is for it to end; kills it where it does not. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), endLimitMs);
    await gone;
    clearTimeout(kill);
  }
}
