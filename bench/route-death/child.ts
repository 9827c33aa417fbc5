import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Endpoint, Order, Report } from './messages.ts';

/** A process of the cast that runs code of ours and speaks with us. */
export class Child {
  readonly pid: number;
  readonly local: Endpoint;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, pid: number, local: Endpoint) {
    this.#process = child;
    this.pid = pid;
    this.local = local;
  }

  /** Starts one of the entry files beside this one; resolves when its socket is open. */
  static async start(entry: 'edge' | 'far-end', settings: object): Promise<Child> {
    const child = fork(join(import.meta.dirname, `${entry}.js`), [JSON.stringify(settings)], {
      execArgv: ['--enable-source-maps'],
    });
    const local = await new Promise<Endpoint>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the ${entry} did not start: ${howOf(code, signal)}`)));
      child.once('message', (report: Report) => {
        if (report.report === 'ready') resolve(report.local);
      });
    });
    if (child.pid === undefined) throw new Error(`the ${entry} has no process`);
    return new Child(child, child.pid, local);
  }

  tell(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }

  /** Tells an order and resolves with the report that answers it. */
  ask<R extends Report['report']>(order: Order, answer: R): Promise<Extract<Report, { readonly report: R }>> {
    return new Promise((resolve) => {
      const listener = (report: Report): void => {
        if (report.report !== answer) return;
        this.#process.off('message', listener);
        resolve(report as Extract<Report, { readonly report: R }>);
      };
      this.#process.on('message', listener);
      this.tell(order);
    });
  }

  hear(listener: (report: Report) => void): void {
    this.#process.on('message', listener);
  }

  /** Tells of a death that nobody ordered. */
  onDeath(listener: (how: string) => void): void {
    this.#process.once('exit', (code, signal) => {
      if (!this.#process.killed) listener(howOf(code, signal));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** SIGKILL, which ends a stopped process as well; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

function howOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit code ${code}`;
}
