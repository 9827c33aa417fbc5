import { ours } from '../figures.ts';
import { Progress } from '../route-death/progress.ts';
import { absentees } from './absentees.ts';
import type { Counts } from './arguments.ts';
import { type Contestant, startKamailio, startNpmSip, startOurs } from './cast.ts';
import { hold, rawCalls, sippCallsUs, sippWithItself, weCallSipp } from './contests.ts';
import { type Held, heldBesideOurs, type Measured } from './row.ts';

/** Rates that SIPp is tried with by itself, to see where it begins to repeat itself. */
const sweep = [500, 1_000, 2_000, 4_000] as const;

/** What a run found. */
export interface Found {
  readonly measured: readonly Measured[];
  readonly held: readonly Held[];
  /** Who did not take part, and why. */
  readonly absent: ReadonlyMap<string, string>;
}

/** Has each contestant do the same, one after the other; what they hold, side by side. `stop` ends it early, by a rejection. */
export async function play(counts: Counts, stop: AbortController): Promise<Found> {
  const absent = absentees();
  const isHere = (who: string): boolean => !absent.has(who);
  if (!isHere(ours)) return { measured: [], held: [], absent };
  const run = new Run(counts, stop);
  /** A rival that fails is left out of what follows; that we do not is what the others are there for. */
  const unlessItFails = async (who: string, work: () => Promise<void>): Promise<void> => {
    if (!isHere(who)) return;
    try {
      await work();
    } catch (error) {
      stop.signal.throwIfAborted();
      absent.set(who, error instanceof Error ? error.message : String(error));
    }
  };
  await unlessItFails('SIPp', () => run.sipp());
  await run.raw('callee', () => startOurs(counts['calls-per-second'], 0, stop));
  await unlessItFails('npm sip', () => run.raw('callee', () => startNpmSip(stop)));
  await unlessItFails('Kamailio', () => run.raw('proxy', () => startKamailio(stop)));
  const held = await run.memory([
    () => startOurs(1, 2 * counts.dialogs, stop),
    ...(isHere('Kamailio') ? [() => startKamailio(stop)] : []),
  ]);
  return { measured: run.measured, held, absent };
}

class Run {
  readonly measured: Measured[] = [];
  readonly #counts: Counts;
  readonly #stop: AbortController;
  readonly #progress = new Progress();

  constructor(counts: Counts, stop: AbortController) {
    this.#counts = counts;
    this.#stop = stop;
  }

  /** SIPp with itself at rising rates, then with us at the rate that is asked for and at a quarter of it. */
  async sipp(): Promise<void> {
    const { seconds } = this.#counts;
    const rates = [...new Set([...sweep, ...this.#rates('callee')])].filter(
      (rate) => rate <= this.#counts['calls-per-second'],
    );
    for (const callsPerSecond of rates.sort((a, b) => a - b)) {
      this.#take(...(await sippWithItself({ callsPerSecond, seconds }, this.#stop)));
    }
    for (const callsPerSecond of this.#rates('callee')) {
      const us = await startOurs(callsPerSecond, 0, this.#stop);
      try {
        this.#take(await sippCallsUs(us, { callsPerSecond, seconds }, this.#stop));
      } finally {
        await us.end();
      }
      this.#take(await weCallSipp({ callsPerSecond, seconds }, this.#stop));
    }
  }

  /** A raw far end with somebody. */
  async raw(role: Measured['role'], start: () => Promise<Contestant>): Promise<void> {
    for (const callsPerSecond of this.#rates(role)) {
      const contestant = await start();
      try {
        this.#take(await rawCalls(contestant, { callsPerSecond, seconds: this.#counts.seconds }, this.#stop));
      } finally {
        await contestant.end();
      }
    }
  }

  /** What a dialog takes of each. */
  async memory(starts: readonly (() => Promise<Contestant>)[]): Promise<Held[]> {
    const { dialogs, 'settle-s': settleS } = this.#counts;
    this.#progress.line(`holding ${dialogs} dialogs, then as many again, each with ${settleS} s of rest`);
    const contestants: Contestant[] = [];
    try {
      for (const start of starts) contestants.push(await start());
      const held = await Promise.all(contestants.map((each) => hold(each, dialogs, settleS, this.#stop)));
      return heldBesideOurs(held);
    } finally {
      await Promise.all(contestants.map((each) => each.end()));
    }
  }

  /** A proxy has two sides, and needs both cores for them: it is not asked for the full rate. */
  #rates(role: Measured['role']): number[] {
    const full = this.#counts['calls-per-second'];
    const quarter = Math.max(1, Math.round(full / 4));
    return role === 'proxy'
      ? [...new Set([quarter, Math.max(1, Math.round(full / 2))])]
      : [...new Set([quarter, full])];
  }

  #take(...measured: readonly Measured[]): void {
    this.measured.push(...measured);
    for (const { who, role, against, asked, cpuPerCallUs, retransmissions } of measured) {
      this.#progress.line(
        `${who} as ${role}, ${against} against it, ${asked} calls a second: ${cpuPerCallUs.toFixed(0)} µs a call, ${retransmissions} messages sent again`,
      );
    }
  }
}
