import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';

/** Finds out where the CPU of this process goes in a storm: one profile for each, as Chrome's developer tools and others read it. */
export class Profiler {
  readonly #folder: string;
  #session: Session | undefined;
  #storms = 0;

  /** The folder is made if need be. @throws when it cannot be */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  async start(): Promise<void> {
    this.#session = new Session();
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.start');
  }

  /** Writes what was found since the start; does nothing without one. */
  async stop(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(join(this.#folder, `storm-${this.#storms++}.cpuprofile`), JSON.stringify(profile));
  }
}
