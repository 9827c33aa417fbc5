import { begin } from '../begin.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { Caller } from './caller.ts';
import { Cast } from './cast.ts';
import { nowMs } from './clock.ts';
import { within } from './deadline.ts';
import { Ledger } from './ledger.ts';
import { type Limits, limitsOf } from './limits.ts';
import type { News } from './messages.ts';
import { Progress } from './progress.ts';
import { type OutageTraffic, type Results, tableOf, writeJson } from './results.ts';
import { outageMs, outageRateMax, type Scenario } from './scenario.ts';
import { type Traffic, trafficSince } from './traffic.ts';

/** After the INFOs of the far end are done, the word of it may take so long. */
const wordLimitMs = 1_000;

const fatalSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Kills the route of many dialogs at once and times their healing. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('route-death', usage, readArguments(args), play);
}

async function play({ scenario, json }: RunArguments): Promise<number> {
  const stop = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => stop.abort(new Interrupted(signal));
  for (const name of fatalSignals) process.on(name, interrupt);
  try {
    return await new Run(scenario, stop).play(json);
  } finally {
    for (const name of fatalSignals) process.off(name, interrupt);
  }
}

/** Somebody has had enough. */
class Interrupted extends Error {
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}

class Run {
  readonly #scenario: Scenario;
  readonly #limits: Limits;
  readonly #stop: AbortController;
  readonly #ledger: Ledger;
  readonly #caller: Caller;
  readonly #cast: Cast;
  readonly #progress = new Progress();
  /** The last news of the far end. */
  #news: News | undefined;
  #outage: OutageTraffic | undefined;

  /** `stop` ends the run early; what there is until then is told. */
  constructor(scenario: Scenario, stop: AbortController) {
    this.#scenario = scenario;
    this.#limits = limitsOf(scenario);
    this.#stop = stop;
    this.#ledger = new Ledger(scenario.dialogs, { unseen: scenario.fault === 'lost-state' });
    this.#caller = new Caller(scenario, this.#ledger);
    this.#cast = new Cast((who) => stop.abort(new Error(who)));
  }

  async play(json: string | undefined): Promise<number> {
    const { signal } = this.#stop;
    let trouble: unknown;
    try {
      await this.#phases(signal);
    } catch (error) {
      trouble = error;
    }
    if (signal.aborted) trouble = signal.reason;
    const results = this.#ledger.close(nowMs());
    await Promise.all([this.#caller.destroy(), this.#cast.end()]);
    if (trouble instanceof Interrupted) {
      // What was still to be healed or verified would stand as lost: half a run has no results.
      this.#progress.line(`route-death: ${trouble.message}; no results`);
      return 130;
    }
    this.#tell(results, trouble);
    if (json !== undefined) writeJson(json, this.#scenario, results, this.#outage);
    const isQuiet = this.#outage === undefined || this.#outage.perSecond < outageRateMax;
    const whole = results.established === this.#scenario.dialogs && results.lost === 0 && isQuiet;
    return whole && trouble === undefined ? 0 : 1;
  }

  async #phases(signal: AbortSignal): Promise<void> {
    await this.#start(signal);
    await this.#setUp(signal);
    signal.throwIfAborted();
    const { dialogs } = this.#scenario;
    if (this.#ledger.established < dialogs) throw new Error(`not all of ${dialogs} calls could be set up`);
    await within(this.#limits.watchdogMs, signal, async (limited) => {
      await this.#break(limited);
      await this.#heal(limited);
      await this.#verify(limited);
    });
  }

  async #start(signal: AbortSignal): Promise<void> {
    const caller = await this.#caller.open((warning) => this.#progress.line(`warning: ${warning}`));
    await this.#cast.start(this.#scenario, caller, signal);
    this.#cast.hearNews((news) => this.#hearNews(news));
  }

  /** All calls go by edge A; edge B is known only afterwards. */
  async #setUp(signal: AbortSignal): Promise<void> {
    const { dialogs } = this.#scenario;
    this.#setHops(this.#cast.hops.slice(0, 1));
    await this.#progress.during(
      'set up by edge A',
      dialogs,
      () => ({ count: this.#ledger.established }),
      within(this.#limits.setUpMs, signal, (limited) => this.#establish(limited)),
    );
    this.#setHops(this.#cast.hops);
  }

  /** An answer is known here before its ACK is there. SIPp does not say when. */
  async #establish(signal: AbortSignal): Promise<void> {
    await this.#caller.establish(this.#cast.target, signal);
    if (this.#scenario.farEnd === 'sipp') return;
    await until(() => this.#news?.established === this.#ledger.established, signal);
  }

  async #break(signal: AbortSignal): Promise<void> {
    const { fault } = this.#scenario;
    this.#ledger.break(await this.#cast.break(fault));
    this.#progress.line(`broken: ${fault}`);
    if (fault === 'outage') await this.#waitOutage(signal);
  }

  /** Counts what both ends send while there is no edge, and starts the edges again. */
  async #waitOutage(signal: AbortSignal): Promise<void> {
    const before = await this.#traffic();
    const startMs = nowMs();
    await this.#progress.during(
      'no edge, noticed by',
      this.#scenario.dialogs,
      () => ({ count: this.#ledger.recovering }),
      until(() => nowMs() - startMs >= outageMs, signal),
    );
    const traffic = trafficSince(before, await this.#traffic());
    const ms = nowMs() - startMs;
    const perSecond = (1000 * (traffic.messages + traffic.connects)) / ms;
    this.#outage = { ms, ...traffic, perSecond };
    signal.throwIfAborted();
    await this.#cast.restart();
    this.#progress.line('both edges are back');
  }

  async #traffic(): Promise<readonly Traffic[]> {
    return [await this.#caller.traffic(), await this.#cast.farEndTraffic()];
  }

  async #heal(signal: AbortSignal): Promise<void> {
    const ledger = this.#ledger;
    const { dialogs, fault } = this.#scenario;
    await this.#progress.during(
      'healed',
      dialogs,
      () => ({ count: ledger.healed, note: ledger.recovering > 0 ? `${ledger.recovering} recovering` : '' }),
      within(this.#limits.healMs, signal, async (limited) => {
        if (fault === 'lost-state') {
          await this.#caller.stumble(limited);
          return;
        }
        if (fault === 'far-end') {
          await this.#caller.provoke(limited);
          this.#cast.healFromFarEnd(this.#limits.healMs);
        }
        await until(() => ledger.healed === dialogs, limited);
      }),
    );
  }

  /** By an INFO on each dialog, first in our direction, then in the other. */
  async #verify(signal: AbortSignal): Promise<void> {
    const ledger = this.#ledger;
    const { informMs } = this.#limits;
    const { dialogs } = this.#scenario;
    await this.#progress.during(
      'INFO to the far end',
      dialogs,
      () => ({ count: ledger.informedNear }),
      within(informMs, signal, (limited) => this.#caller.verify(limited)),
    );
    this.#cast.informFromFarEnd(informMs);
    await this.#progress.during(
      'INFO from the far end',
      dialogs,
      () => ({ count: ledger.informedFar }),
      within(informMs + wordLimitMs, signal, (limited) =>
        until(() => this.#news?.informDone || ledger.informedFar === dialogs, limited),
      ),
    );
  }

  #hearNews(news: News): void {
    this.#news = news;
    for (const callId of news.informed) this.#caller.farEndInformed(callId);
    for (const [callId, atMs] of news.healed) this.#caller.farEndHealed(callId, atMs);
  }

  #setHops(hops: readonly string[]): void {
    this.#caller.setHops(hops);
    this.#cast.setHops(hops);
  }

  #tell(results: Results, trouble: unknown): void {
    if (results.established > 0) this.#progress.line(`\n${tableOf(results, this.#outage)}\n`);
    for (const [failure, count] of this.#caller.failures) this.#progress.line(`${count} × ${failure}`);
    if (trouble !== undefined) console.error(`route-death: ${messageOf(trouble)}`);
  }
}

/** Resolves when `isReached` says so or the signal aborts. */
async function until(isReached: () => boolean | undefined, signal: AbortSignal): Promise<void> {
  while (!isReached() && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
