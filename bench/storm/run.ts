import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Child } from '../child.ts';
import { type Floor, floorOf } from '../floor/ping-pong.ts';
import { nowMs } from '../route-death/clock.ts';
import { within } from '../route-death/deadline.ts';
import { Progress } from '../route-death/progress.ts';
import { trafficSince } from '../route-death/traffic.ts';
import { hopUri } from './far-end/address-book.ts';
import { type Limits, limitsOf } from './limits.ts';
import { type MemoryCurve, MemoryWatch, stackName } from './memory-curve.ts';
import type {
  CallerOrder,
  CallerProgress,
  CallerReport,
  CallerSettings,
  FarEndCounts,
  FarEndOrder,
  FarEndReport,
  FarEndSettings,
  Rest,
} from './messages.ts';
import { countsSince, type Played, type PlayedRound } from './results.ts';
import { type Scenario, warmUpDialogs, windows } from './scenario.ts';

const warmUpName = 'warm-up';

/** Round trips of a ping-pong: enough to be steady, few enough to be short. */
const roundTrips = { min: 2_000, max: 200_000 } as const;

type CallerChild = Child<CallerOrder, CallerReport>;
type FarEndChild = Child<FarEndOrder, FarEndReport>;

interface Cast {
  readonly caller: CallerChild;
  readonly farEnd: FarEndChild;
  /** Where the caller is reached. */
  readonly callerUri: string;
  readonly hops: readonly string[];
}

/** Plays a scenario: starts the two processes, orders what happens, and gathers what they have measured. */
export class Run {
  readonly #scenario: Scenario;
  readonly #limits: Limits;
  readonly #stop: AbortController;
  readonly #profile: string | undefined;
  readonly #progress = new Progress();
  readonly #rounds: PlayedRound[] = [];
  readonly #failures = new Map<string, number>();
  #reached: CallerProgress = { established: 0, recovering: 0, healed: 0, verified: 0 };
  #cast: Cast | undefined;
  #established = 0;
  #floor: Floor | undefined;
  #sizes: Pick<FarEndCounts, 'healSize' | 'answerSize'> = { healSize: 0, answerSize: 0 };
  #empty: Rest | undefined;
  #warm: Rest | undefined;
  #full: Rest | undefined;
  #informed: number | undefined;
  #watch: MemoryWatch | undefined;
  #memory: MemoryCurve | undefined;

  /** `stop` ends the run early; what there is until then is told. `profile`: a folder for CPU profiles. */
  constructor(scenario: Scenario, stop: AbortController, profile?: string) {
    this.#scenario = scenario;
    this.#limits = limitsOf(scenario.dialogs);
    this.#stop = stop;
    this.#profile = profile;
  }

  /** What failed in the caller's process, and how often. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  get played(): Played {
    return {
      established: this.#established,
      rounds: this.#rounds,
      floor: this.#floor,
      requestSize: this.#sizes.healSize,
      responseSize: this.#sizes.answerSize,
      empty: this.#empty,
      warm: this.#warm,
      full: this.#full,
      informed: this.#informed,
      memory: this.#memory,
    };
  }

  /** Resolves when all is played. @throws whatever kept it from that; what was measured until then stays */
  async play(): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#phases(await this.#start(), signal);
    } finally {
      this.#memory = this.#watch?.stop();
      await Promise.all([this.#cast?.caller.end(), this.#cast?.farEnd.end()]);
    }
  }

  async #phases(cast: Cast, signal: AbortSignal): Promise<void> {
    const { dialogs, rounds, settleS } = this.#scenario;
    const warmUp = Math.min(dialogs, warmUpDialogs);
    this.#empty = await this.#rest(cast, signal, true);
    await this.#establish(cast, warmUp, cast.hops[0] as string, signal);
    await this.#storm(cast, warmUpName, signal);
    this.#warm = await this.#rest(cast, signal, true);
    // The dialogs have moved, unless what broke leaves them where they are.
    if (dialogs > warmUp) await this.#establish(cast, dialogs, await this.#hopInUse(cast, signal), signal);
    if (settleS > 0) this.#progress.line(`waiting ${settleS} s for transactions to end`);
    await sleep(1000 * settleS, signal);
    this.#full = await this.#rest(cast, signal, true);
    await this.#measureFloor(signal);
    for (let round = 1; round <= rounds; round++) {
      this.#rounds.push(await this.#storm(cast, `round ${round}`, signal));
    }
    await this.#inform(cast, signal);
    await this.#measureFloor(signal);
    await this.#rest(cast, signal);
  }

  async #start(): Promise<Cast> {
    const { transport, dialogs, fault, shards, perShardPorts } = this.#scenario;
    const window = windows[transport];
    const farEndSettings: FarEndSettings = { transport, dialogs, window };
    const farEnd = await Child.start<FarEndOrder, FarEndReport>('storm/far-end-process', farEndSettings);
    const callerSettings: CallerSettings = {
      ...{ transport, dialogs, window, shards, perShardPorts },
      passive: fault === 'far-end',
      profile: this.#profile,
    };
    const preload = pathToFileURL(join(import.meta.dirname, 'profiler.js')).href;
    const caller = await Child.start<CallerOrder, CallerReport>('storm/caller-process', callerSettings, [
      '--expose-gc',
      ...(this.#profile === undefined ? [] : ['--import', preload]),
    ]);
    for (const { child } of [farEnd, caller]) child.onDeath((how) => this.#stop.abort(new Error(how)));
    if (farEnd.ready.report !== 'ready' || caller.ready.report !== 'ready')
      throw new Error('a process reports no start');
    caller.child.hear((report) => {
      if (report.report === 'progress') this.#reached = report;
    });
    this.#cast = {
      caller: caller.child,
      farEnd: farEnd.child,
      callerUri: caller.ready.uri,
      hops: farEnd.ready.ports.map((port) => hopUri(port, transport)),
    };
    this.#watch = new MemoryWatch({ [stackName]: caller.child.pid, 'far end': farEnd.child.pid });
    return this.#cast;
  }

  /** All calls go by one hop; the other one is listed again afterwards. */
  async #establish({ caller, hops }: Cast, upTo: number, hop: string, signal: AbortSignal): Promise<void> {
    caller.tell({ order: 'hops', hops: [hop] });
    const { setUpMs } = this.#limits;
    const { count } = await this.#progress.during(
      'set up',
      upTo,
      () => ({ count: this.#reached.established }),
      caller.ask({ order: 'establish', upTo, withinMs: setUpMs }, 'established', signal),
    );
    this.#established = count;
    if (count < upTo) {
      await this.#rest({ caller }, signal);
      throw new Error(`not all of ${upTo} calls could be set up`);
    }
    caller.tell({ order: 'hops', hops });
  }

  async #storm(cast: Cast, name: string, signal: AbortSignal): Promise<PlayedRound> {
    const { caller, farEnd } = cast;
    const { fault } = this.#scenario;
    const before = await this.#counts(cast, signal);
    const { shed } = await this.#rest(cast, signal);
    const killShard = name === warmUpName ? undefined : this.#scenario.killShard;
    await caller.ask({ order: 'begin', killShard }, 'begun', signal);
    const healed = caller.next('healed', signal);
    healed.catch(() => undefined); // a storm that is not over in time is told by its figures
    const { atMs: breakAtMs } = await farEnd.ask({ order: 'break', fault }, 'broken', signal);
    const outage = fault === 'outage' ? await this.#waitOutage(cast, signal) : undefined;
    const endAtMs = await this.#heal(cast, name, healed, signal);
    const after = await this.#counts(cast, signal);
    this.#sizes = after;
    const refusedBefore = after.refused;
    await this.#verify(cast, name, signal);
    const counts = await this.#counts(cast, signal);
    if (counts.refused > refusedBefore)
      this.#note(`${name}: INFO on a route that was not healed`, counts.refused - refusedBefore);
    const { figures, revival } = await caller.ask({ order: 'close', breakAtMs, endAtMs }, 'round', signal);
    const rest = await this.#rest(cast, signal);
    if (fault !== 'outage')
      await farEnd.ask({ order: 'restore', withinMs: this.#limits.restoreMs }, 'restored', signal);
    const { repeated, acks } = countsSince(before, counts);
    return {
      figures,
      revival,
      repeated,
      acks,
      farEndCpu: after.stormMs > 0 ? after.stormCpuMs / after.stormMs : 0,
      shed: rest.shed - shed,
      outage: outage && { ...outage.traffic, healedAfterMs: endAtMs - outage.restoredAtMs },
    };
  }

  /** Until every dialog is healed, or for as long as that may take; gives the instant. */
  async #heal(
    { caller, farEnd, callerUri }: Cast,
    name: string,
    healed: Promise<{ readonly atMs: number }>,
    signal: AbortSignal,
  ): Promise<number> {
    const { fault } = this.#scenario;
    const { stormMs: withinMs } = this.#limits;
    const ordered = async (limited: AbortSignal): Promise<number> => {
      if (fault === 'lost-state') {
        await caller.ask({ order: 'stumble', withinMs }, 'asked', limited);
        return nowMs();
      }
      if (fault === 'far-end') {
        await caller.ask({ order: 'provoke', withinMs }, 'asked', limited);
        const order = { order: 'heal', count: this.#established, target: callerUri, withinMs } as const;
        await farEnd.ask(order, 'answered', limited);
      }
      const expired = new Promise<never>((_resolve, reject) => {
        limited.addEventListener('abort', () => reject(limited.reason), { once: true });
      });
      return (await Promise.race([healed, expired])).atMs;
    };
    return this.#progress.during(
      `${name}: healed`,
      this.#established,
      () => ({ count: this.#reached.healed }),
      within(withinMs, signal, ordered).catch((error: unknown) => {
        signal.throwIfAborted();
        this.#note(`${name}: ${error instanceof Error ? error.message : error}`);
        return nowMs();
      }),
    );
  }

  async #verify({ caller }: Cast, name: string, signal: AbortSignal): Promise<void> {
    await this.#progress.during(
      `${name}: verified`,
      this.#established,
      () => ({ count: this.#reached.verified }),
      caller.ask({ order: 'verify', withinMs: this.#limits.informMs }, 'asked', signal),
    );
  }

  /** Counts what our side sends while there is no hop, and opens both again. */
  async #waitOutage(
    cast: Cast,
    signal: AbortSignal,
  ): Promise<{ readonly restoredAtMs: number; readonly traffic: NonNullable<PlayedRound['outage']> }> {
    const before = await this.#rest(cast, signal);
    const startMs = nowMs();
    await this.#progress.during(
      'no hop, noticed by',
      this.#established,
      () => ({ count: this.#reached.recovering }),
      sleep(1000 * this.#scenario.outageS, signal),
    );
    const after = await this.#rest(cast, signal);
    const ms = nowMs() - startMs;
    const sent = trafficSince([before.traffic], [after.traffic]);
    const perSecond = (1000 * (sent.messages + sent.connects)) / ms;
    const { atMs } = await cast.farEnd.ask({ order: 'restore', withinMs: this.#limits.restoreMs }, 'restored', signal);
    return { restoredAtMs: atMs, traffic: { ms, ...sent, perSecond, healedAfterMs: null } };
  }

  /** By an INFO of the far end's on each dialog. */
  async #inform({ farEnd, callerUri }: Cast, signal: AbortSignal): Promise<void> {
    const { informMs: withinMs } = this.#limits;
    const order = { order: 'inform', count: this.#established, target: callerUri, withinMs } as const;
    const { count } = await farEnd.ask(order, 'answered', signal);
    this.#informed = count;
  }

  /** The better one of all ping-pongs stays. */
  async #measureFloor(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { transport, dialogs, shards } = this.#scenario;
    const floor = await floorOf({
      transport,
      requestSize: this.#sizes.healSize,
      responseSize: this.#sizes.answerSize,
      sockets: Math.max(1, shards),
      window: windows[transport],
      roundTrips: Math.min(Math.max(dialogs, roundTrips.min), roundTrips.max),
    });
    if (floor.roundTripsPerSecond > (this.#floor?.roundTripsPerSecond ?? 0)) this.#floor = floor;
    this.#progress.line(`floor: ${Math.round(floor.roundTripsPerSecond).toLocaleString('en-US')} round trips/s`);
  }

  async #hopInUse(cast: Cast, signal: AbortSignal): Promise<string> {
    const { carried } = await this.#counts(cast, signal);
    return ((carried[0] ?? 0) >= (carried[1] ?? 0) ? cast.hops[0] : cast.hops[1]) as string;
  }

  async #counts({ farEnd }: Pick<Cast, 'farEnd'>, signal: AbortSignal): Promise<FarEndCounts> {
    const { counts } = await farEnd.ask({ order: 'count' }, 'counts', signal);
    return counts;
  }

  async #rest({ caller }: Pick<Cast, 'caller'>, signal: AbortSignal, collect = false): Promise<Rest> {
    const { rest } = await caller.ask({ order: 'rest', collect }, 'rest', signal);
    for (const [failure, count] of rest.failures) this.#failures.set(failure, count);
    return rest;
  }

  #note(failure: string, count = 1): void {
    this.#failures.set(failure, count);
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
  signal.throwIfAborted();
}
