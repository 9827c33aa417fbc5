import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/*
 * Loaded before the program into every thread of the process whose storms are profiled (`--import`): shards have threads of their own,
 * and only a thread itself can say where its CPU goes.
 */

type Word = { readonly word: 'start' } | { readonly word: 'stop'; readonly file: string };

const channelName = `sipmend-storm-profile-${process.pid}`;

/** Finds out where the CPU goes in a storm: a profile for each thread, as Chrome's developer tools and others read it. */
export class Profiler {
  readonly #folder: string;
  readonly #channel = new BroadcastChannel(channelName);
  readonly #own = new ThreadProfile();
  #storms = 0;

  /** The folder is made if need be. @throws when it cannot be */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#channel.unref();
  }

  async start(): Promise<void> {
    this.#storms++;
    this.#tell({ word: 'start' });
    await this.#own.start();
  }

  /** Has every thread write what it found since the start: `storm-0.cpuprofile`, `storm-0-thread-1.cpuprofile`. */
  async stop(): Promise<void> {
    const file = join(this.#folder, `storm-${this.#storms - 1}`);
    this.#tell({ word: 'stop', file });
    await this.#own.stop(`${file}.cpuprofile`);
  }

  #tell(word: Word): void {
    this.#channel.postMessage(word);
  }
}

/** The profile of this thread. */
class ThreadProfile {
  #session: Session | undefined;

  async start(): Promise<void> {
    this.#session = new Session();
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.start');
  }

  /** Does nothing without a start. */
  async stop(file: string): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  }
}

if (!isMainThread) {
  const own = new ThreadProfile();
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = (event) => {
    const { data } = event as { readonly data: Word };
    if (data.word === 'start') void own.start();
    else void own.stop(`${data.file}-thread-${threadId}.cpuprofile`);
  };
  channel.unref();
}
