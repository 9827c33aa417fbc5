import { nowMs } from '../route-death/clock.ts';
import { Progress } from '../route-death/progress.ts';
import { Cast, type EndChild } from './cast.ts';
import { ghostsOf, Ledger, type Misfit, type Side } from './ledger.ts';
import type { News, State } from './messages.ts';
import { ageingRound, type NextBreak, planOf } from './plan.ts';
import type { Played, PlayedBreak } from './played.ts';
import {
  agedBreakMs,
  ageMsOf,
  healLimitMs,
  leastShare,
  mendMs,
  quietMs,
  type Scenario,
  sampleIntervalMsOf,
} from './scenario.ts';

const lookMs = 100;
/** A break that has hit too few by then will hit no more. */
const smallBreakMs = 8_000;
/** An edge that carries less is not broken: its turn would prove little. */
const carriedMin = 0.35;
/** Time for BYEs and ACKs that are under way when nobody calls any more. */
const settleLimitMs = 45_000;

/** Both ends tell their news within so long. */
const hearOutMs = 1_000;

type Counts = Pick<News, 'open' | 'recovering' | 'hit'>;

const noCounts: Counts = { open: 0, recovering: 0, hit: 0 };
const noState: State = { known: 0, held: 0, owedByes: 0, pending: 0, callsFailed: 0, failures: [] };

/** Plays a soak: has calls come and go, breaks and mends edges by the plan, and gathers what there is to judge it by. */
export class Run {
  readonly #scenario: Scenario;
  readonly #stop: AbortController;
  readonly #progress = new Progress();
  readonly #ledger = new Ledger();
  readonly #samples: Played['samples'][number][] = [];
  #ageing: readonly PlayedBreak[] = [];
  readonly #breaks: PlayedBreak[] = [];
  readonly #counts: Record<Side, Counts> = { near: noCounts, far: noCounts };
  readonly #states: Record<Side, State> = { near: noState, far: noState };
  #startAtMs = nowMs();
  /** Most dialogs that were broken at one end since the last sample. */
  #peak = 0;
  #final: Played['final'];

  /** `stop` ends the run early; what there is until then is told. */
  constructor(scenario: Scenario, stop: AbortController) {
    this.#scenario = scenario;
    this.#stop = stop;
  }

  get played(): Played {
    return {
      startAtMs: this.#startAtMs,
      samples: this.#samples,
      ageing: this.#ageing,
      breaks: this.#breaks,
      calls: this.#samples.at(-1)?.calls ?? 0,
      callsFailed: this.#states.near.callsFailed,
      ended: this.#ledger.ended,
      falselyEnded: this.#ledger.falselyEnded,
      final: this.#final,
      failures: [...this.#states.near.failures, ...this.#states.far.failures],
    };
  }

  /** Resolves when all is played. @throws whatever kept it from that; what was gathered until then stays */
  async play(): Promise<void> {
    const { signal } = this.#stop;
    const cast = await Cast.start(this.#scenario, (how) => this.#stop.abort(new Error(how)));
    try {
      this.#hear(cast);
      await this.#fill(cast, signal);
      await this.#live(cast, signal);
      await this.#prove(cast, signal);
    } finally {
      await this.#hearOut(cast);
      await cast.end();
    }
  }

  /** What is under way comes to its end, and both ends tell of it: else the books would not match. */
  async #hearOut({ near, far }: Cast): Promise<void> {
    for (const end of [near, far]) end.tell({ order: 'halt' });
    await pause(hearOutMs);
  }

  #hear({ near, far }: Cast): void {
    for (const [side, child] of [
      ['near', near],
      ['far', far],
    ] as const) {
      child.hear((report) => {
        if (report.report !== 'news') return;
        this.#counts[side] = report;
        this.#peak = Math.max(this.#peak, report.recovering);
        this.#ledger.hear(side, report);
      });
    }
  }

  async #fill({ near, far, hops, target }: Cast, signal: AbortSignal): Promise<void> {
    for (const end of [near, far]) end.tell({ order: 'hops', hops });
    const { dialogs } = this.#scenario;
    const withinMs = 60_000 + 4 * dialogs;
    const { count } = await this.#progress.during(
      'set up',
      dialogs,
      () => ({ count: this.#counts.near.open }),
      near.ask({ order: 'fill', target, count: dialogs, withinMs }, 'filled', signal),
    );
    if (count < dialogs) throw new Error(`not all of ${dialogs} calls could be set up`);
  }

  /** Calls come and go: at first to age, then for as long as was asked for. */
  async #live(cast: Cast, signal: AbortSignal): Promise<void> {
    this.#startAtMs = nowMs() + ageMsOf(this.#scenario);
    cast.near.tell({ order: 'flow', target: cast.target });
    cast.far.tell({ order: 'flow', target: undefined });
    const over = new AbortController();
    const sampling = this.#sample(cast, AbortSignal.any([over.signal, signal]));
    try {
      await this.#age(cast, signal);
      await this.#soak(cast, signal);
    } finally {
      over.abort();
      await sampling;
    }
  }

  /** Breaks follow one another as fast as they heal; then the clock starts. */
  async #age(cast: Cast, signal: AbortSignal): Promise<void> {
    const round = ageingRound(this.#scenario.transport);
    while (-this.#sinceStartMs >= agedBreakMs) {
      const next = round[this.#ageing.length % round.length] as NextBreak;
      const played = await this.#break(cast, next, signal);
      this.#ageing = [...this.#ageing, played];
      this.#progress.line(lineOf(played, `${this.#ageing.length} of ageing`));
    }
    await this.#until(() => this.#sinceStartMs >= 0, signal);
    signal.throwIfAborted();
    const lateMs = this.#sinceStartMs;
    this.#startAtMs += lateMs;
    this.#ageing = this.#ageing.map((played) => ({ ...played, atMs: played.atMs - lateMs }));
  }

  async #soak(cast: Cast, signal: AbortSignal): Promise<void> {
    for (const planned of planOf(this.#scenario)) {
      await this.#until(() => this.#sinceStartMs >= planned.atMs, signal);
      await this.#until(() => this.#recovering === 0, AbortSignal.any([signal, AbortSignal.timeout(healLimitMs)]));
      signal.throwIfAborted();
      const played = await this.#break(cast, planned, signal);
      this.#breaks.push(played);
      this.#progress.line(lineOf(played, `${this.#breaks.length} of ${this.#scenario.breaks}`));
    }
    await this.#until(() => this.#sinceStartMs >= this.#scenario.minutes * 60_000, signal);
    signal.throwIfAborted();
  }

  async #break(cast: Cast, planned: NextBreak, signal: AbortSignal): Promise<PlayedBreak> {
    const { near, far } = cast;
    const { kind } = planned;
    const edge = await this.#edgeFor(cast, planned, signal);
    await Promise.all([near, far].map((end) => end.ask({ order: 'begin' }, 'begun', signal)));
    const breakAtMs = await cast.break(kind, edge);
    const order = { order: 'stumble', withinMs: healLimitMs } as const;
    const stumble = kind === 'lost-state' ? await near.ask(order, 'stumbled', signal) : undefined;
    const unseen = stumble?.healed ?? 0;
    const healedAtMs = await this.#healed(breakAtMs, unseen, signal);
    const unhealed = healedAtMs === undefined ? this.#recovering : 0;
    const close = { order: 'close', breakAtMs } as const;
    const [atNear, atFar] = await Promise.all([near.ask(close, 'closed', signal), far.ask(close, 'closed', signal)]);
    await cast.mend(kind, edge);
    await this.#until(() => nowMs() - breakAtMs > mendMs, signal, mendMs);
    const { figures: ofNear } = atNear;
    const hit = new Set([...atNear.marks, ...atFar.marks]).size + unseen;
    return {
      kind,
      edge: edge === 0 ? 'A' : 'B',
      atMs: breakAtMs - this.#startAtMs,
      share: Math.min(1, hit / Math.max(1, ofNear.open)),
      healedAfterMs: (healedAtMs ?? nowMs()) - breakAtMs,
      unhealed,
      near: stumble === undefined ? ofNear : { ...ofNear, healMs: stumble.answerMs },
      far: atFar.figures,
    };
  }

  /** The planned edge where it carries enough, else the one that carries more. */
  async #edgeFor({ near, hops }: Cast, { edge }: NextBreak, signal: AbortSignal): Promise<0 | 1> {
    const { carried } = await near.ask({ order: 'sound' }, 'sounding', signal);
    const counts = new Map(carried);
    const all = carried.reduce((sum, [, count]) => sum + count, 0);
    const wished = counts.get(hops[edge]) ?? 0;
    if (wished >= carriedMin * all) return edge;
    return edge === 0 ? 1 : 0;
  }

  /** The instant since when nothing has been broken at either end, once the break has shown; undefined when time is over. */
  async #healed(breakAtMs: number, unseen: number, signal: AbortSignal): Promise<number | undefined> {
    let quietSinceMs: number | undefined;
    while (nowMs() - breakAtMs < healLimitMs) {
      signal.throwIfAborted();
      const { near, far } = this.#counts;
      const enough = near.hit + far.hit + unseen >= leastShare * near.open;
      const hasShown = enough || nowMs() - breakAtMs > smallBreakMs;
      if (!hasShown || this.#recovering > 0) quietSinceMs = undefined;
      else quietSinceMs ??= nowMs();
      if (quietSinceMs !== undefined && nowMs() - quietSinceMs >= quietMs) return quietSinceMs;
      await pause(lookMs);
    }
    return undefined;
  }

  async #sample({ near, far }: Cast, signal: AbortSignal): Promise<void> {
    const intervalMs = sampleIntervalMsOf(this.#scenario);
    const firstAtMs = nowMs();
    try {
      for (let number = 1; !signal.aborted; number++) {
        await this.#until(() => nowMs() - firstAtMs >= number * intervalMs, signal);
        if (signal.aborted) return;
        const { sample } = await near.ask({ order: 'sample' }, 'sample', signal);
        this.#samples.push({ ...sample, farOpen: this.#counts.far.open, recoveringPeak: this.#peak });
        this.#peak = 0;
        await this.#look({ near, far }, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Lets what is under way come to its end, asks every dialog, and holds both ends against each other. */
  async #prove(cast: Cast, signal: AbortSignal): Promise<void> {
    const { near, far } = cast;
    for (const end of [near, far]) end.tell({ order: 'halt' });
    this.#progress.line('nobody calls any more, nobody hangs up');
    await this.#settle(cast, signal);
    const withinMs = 60_000 + this.#counts.near.open;
    const ask = async (side: Side, end: EndChild): Promise<Misfit[]> => {
      const { unanswered } = await end.ask({ order: 'verify', withinMs }, 'verified', signal);
      return unanswered.map((callId) => ({ callId, what: `does not answer the ${side} end` }));
    };
    const lost = [...(await ask('near', near)), ...(await ask('far', far))];
    const list = { order: 'list', withinMs } as const;
    const [ofNear, ofFar] = await Promise.all([near.ask(list, 'list', signal), far.ask(list, 'list', signal)]);
    await this.#look(cast, signal);
    const ghosts = ghostsOf(ofNear.dialogs, ofFar.dialogs);
    for (const side of ['near', 'far'] as const) ghosts.push(...this.#uncounted(side));
    this.#final = { open: ofNear.dialogs.length, lost, ghosts };
  }

  async #settle(cast: Cast, signal: AbortSignal): Promise<void> {
    const startMs = nowMs();
    while (nowMs() - startMs < settleLimitMs) {
      await this.#look(cast, signal);
      const { near, far } = this.#states;
      const isQuiet = [near, far].every(
        ({ known, held, owedByes, pending }) => known === held && owedByes + pending === 0,
      );
      if (isQuiet && near.known === far.known && this.#recovering === 0) return;
      await pause(5 * lookMs);
    }
  }

  async #look({ near, far }: Pick<Cast, 'near' | 'far'>, signal: AbortSignal): Promise<void> {
    this.#states.near = (await near.ask({ order: 'state' }, 'state', signal)).state;
    this.#states.far = (await far.ask({ order: 'state' }, 'state', signal)).state;
  }

  /** Dialogs that a stack has, and its program knows nothing of; or the other way. */
  #uncounted(side: Side): Misfit[] {
    const { known, held } = this.#states[side];
    const what = `the stack of the ${side} end has ${held} dialogs, its program ${known}`;
    return Array.from({ length: Math.abs(held - known) }, () => ({ callId: '', what }));
  }

  get #sinceStartMs(): number {
    return nowMs() - this.#startAtMs;
  }

  get #recovering(): number {
    return this.#counts.near.recovering + this.#counts.far.recovering;
  }

  /** Resolves when `isReached` says so or the signal aborts, and not before `leastMs` are over. */
  async #until(isReached: () => boolean, signal: AbortSignal, leastMs = 0): Promise<void> {
    const startMs = nowMs();
    while ((!isReached() || nowMs() - startMs < leastMs) && !signal.aborted) await pause(lookMs);
  }
}

function lineOf({ kind, edge, atMs, share, healedAfterMs, near, far }: PlayedBreak, number: string): string {
  const at = `${(atMs / 60_000).toFixed(1)} min`;
  const max = Math.max(near.healMs.max ?? 0, far.healMs.max ?? 0);
  const part = `${(100 * share).toFixed(0)} % of ${near.open.toLocaleString('en-US')}`;
  return `${at.padStart(9)}  break ${number}: ${kind} ${edge}, ${part}, last heal ${Math.round(max)} ms, over ${Math.round(healedAfterMs)} ms`;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
