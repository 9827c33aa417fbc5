import type { Application } from './application.ts';

type Refreshed = Awaited<ReturnType<NonNullable<Application['refreshRegistration']>>>;

/** The program's refresh of its registration, which the shards of a stack share. */
export class RegistrationRefresh {
  readonly #application: Application;
  #underWay: Promise<Refreshed> | undefined;
  /** The shards that wait for it. */
  readonly #askers = new Set<number>();

  constructor(application: Application) {
    this.#application = application;
  }

  /** Whoever asks while one is under way waits for that; a shard that asks again has waited long enough. */
  ask(shard: number): Promise<Refreshed> {
    if (this.#underWay === undefined || this.#askers.has(shard)) this.#begin();
    this.#askers.add(shard);
    return this.#underWay as Promise<Refreshed>;
  }

  #begin(): void {
    this.#askers.clear();
    const refresh = this.#ask().finally(() => {
      if (this.#underWay === refresh) this.#underWay = undefined;
    });
    this.#underWay = refresh;
  }

  async #ask(): Promise<Refreshed> {
    return await this.#application.refreshRegistration?.();
  }
}
