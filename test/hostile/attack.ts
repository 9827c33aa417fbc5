import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Deeds, Job, Order } from './job.ts';

/** An attacker at work, in a process of its own, so that it takes no time of whoever is attacked. */
export class Attack {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Resolves when the attack has begun. */
  static async begin(job: Job): Promise<Attack> {
    const child = fork(join(import.meta.dirname, 'attacker.js'), { execArgv: [] });
    child.send(job);
    await once(child, 'message');
    return new Attack(child);
  }

  /** What it has done so far. */
  tell(): Promise<Deeds> {
    return this.#ask('tell');
  }

  /** Ends it, and gives all that it has done. Its connections are closed. */
  async stop(): Promise<Deeds> {
    const deeds = await this.#ask('stop');
    await this.end();
    return deeds;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  async #ask(order: Order['order']): Promise<Deeds> {
    const answer = once(this.#process, 'message');
    this.#process.send({ order } satisfies Order);
    const [deeds] = (await answer) as [Deeds];
    return deeds;
  }
}
