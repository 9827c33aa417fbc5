import type { Explanation, Failing, PlanSize } from '../../bench/sim/orders.ts';
import type { Outcome, Violation } from '../../bench/sim/outcome.ts';
import { emptyTally } from '../../bench/sim/total.ts';
import type { Game, PlayOptions } from './game.ts';
import { Ladder } from './ladder.ts';
import type { Plan } from './plan.ts';
import { planLines } from './plan-lines.ts';
import { shrink } from './shrink.ts';

/** What making one plan small may take: a run is some tenths of a second. */
const shrinkLimits = { runsMax: 500, msMax: 120_000, nowMs: () => performance.now() };

/** The rule that an exception breaks. */
export const noException = 'no-exception';

/** Plays seeds and plans, and explains what they break. */
export class Player {
  readonly #game: Game;

  constructor(game: Game) {
    this.#game = game;
  }

  planOf(seed: number, { minutes, calls }: PlanSize): Plan {
    return this.#game.planOf(seed, {
      ...(minutes === undefined ? {} : { minutes }),
      ...(calls === undefined ? {} : { calls }),
    });
  }

  /** What the code throws is a violation like another. */
  async play(plan: Plan, options: PlayOptions = {}): Promise<Outcome> {
    try {
      return await this.#game.playPlan(plan, options);
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { seed: plan.seed, violations: [{ rule: noException, atMs: 0, what }], tally: emptyTally };
    }
  }

  /** The smallest plan that still breaks the rule, and what happens in it. `busy` is called after each run. */
  async explain(
    { seed, plan: given, rule }: Failing,
    size: PlanSize,
    busy: () => void,
  ): Promise<Explanation | undefined> {
    const plan = given === undefined ? this.planOf(seed, size) : planIn(given);
    let violation = await this.#violation(plan, rule);
    if (violation === undefined) return undefined;
    const fails = async (smaller: Plan): Promise<boolean> => {
      const found = await this.#violation(smaller, rule);
      busy();
      violation = found ?? violation;
      return found !== undefined;
    };
    // An exception has no instant of its own.
    const lastMs = rule === noException ? Number.POSITIVE_INFINITY : violation.atMs;
    const { plan: least, runs } = await shrink(plan, fails, lastMs, shrinkLimits);
    const ladder = await this.#draw(least, violation);
    return { seed, violation, ladder, lines: planLines(least), plan: least, runs };
  }

  async #violation(plan: Plan, rule: string): Promise<Violation | undefined> {
    const { violations } = await this.play(plan);
    return violations.find((violation) => violation.rule === rule);
  }

  async #draw(plan: Plan, { callId, atMs, rule }: Violation): Promise<string> {
    const columns = ['near', ...plan.cast.hops.map((role, hop) => `hop ${hop} (${role})`), 'far', 'stranger'];
    const columnOf = (endpoint: { readonly host: string; readonly port: number }): number => {
      const place = this.#game.placeAt(endpoint);
      const column = columns.findIndex((name) => name === place || name.startsWith(`${place} (`));
      return column === -1 ? columns.length - 1 : column;
    };
    const ladder = new Ladder(columns, columnOf, callId, rule === noException ? Number.POSITIVE_INFINITY : atMs);
    await this.play(plan, { onDatagram: (datagram) => ladder.take(datagram) });
    return ladder.draw();
  }
}

/** A plan that a file held. @throws when it cannot be one */
export function planIn(data: object): Plan {
  const plan = data as Partial<Plan>;
  const isPlan =
    Number.isInteger(plan.seed) &&
    Number.isFinite(plan.minutes) &&
    [plan.cast?.near, plan.cast?.far, plan.weather].every((part) => typeof part === 'object') &&
    [plan.acts, plan.faults, plan.cast?.hops].every(Array.isArray);
  if (!isPlan) throw new Error('that is no plan: it has seed, minutes, cast, weather, acts and faults.');
  return plan as Plan;
}
