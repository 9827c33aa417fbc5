import type { Outcome } from '../../bench/sim/outcome.ts';
import { patienceOf } from './patience.ts';
import type { Place, Plan } from './plan.ts';
import { rules } from './rules.ts';
import { tapSteps } from './step-tap.ts';
import { tapTransactionRows } from './transaction-rows.ts';
import { type Onlookers, World } from './world.ts';

/** A request in calm weather has its outcome by then: a heal and the request itself may each take 32 s. */
const informedWithinMs = 40_000;
/** An owed BYE is tried every 15 minutes at least. */
const noGhostWithinMs = 900_000 + 40_000;
/** How often it is looked whether ghosts are gone. */
const lookEveryMs = 60_000;
/** BYEs and what they leave behind, the longest: 32 s for a BYE twice over, and as long for what it has been answered with. */
const atRestWithinMs = 130_000;
const closedWithinMs = 60_000;
/** INFOs of the calm part are numbered from here. */
const calmInfos = 1e9;

/** Plays a plan to its end: the troubled part, then calm, in which everything has to become well, and the end of all dialogs. */
export async function playPlan(plan: Plan, onlookers: Onlookers = {}): Promise<Outcome> {
  tapSteps();
  const world = new World(plan, rules, onlookers);
  tapTransactionRows((row) => world.tallier.take(row));
  const unhandled = (error: unknown): void => world.threw('nobody caught', error);
  process.on('unhandledRejection', unhandled);
  try {
    await new Course(world).run();
  } catch (error) {
    world.threw('the world', error);
  } finally {
    tapTransactionRows(undefined);
    process.removeListener('unhandledRejection', unhandled);
  }
  return { seed: plan.seed, violations: world.violations, tally: world.tallier.total(world.nowMs()) };
}

/** What each end still holds. */
type Left = Record<Place, Readonly<Record<string, number>>>;

function holds({ near, far }: Left): boolean {
  return Object.keys(near).length + Object.keys(far).length > 0;
}

/** The course of one run. */
class Course {
  readonly #world: World;
  #infos = calmInfos;

  constructor(world: World) {
    this.#world = world;
  }

  async run(): Promise<void> {
    const world = this.#world;
    await world.open();
    world.schedule();
    await this.#pass(world.plan.minutes * 60_000);
    await this.#calmDown();
    await this.#end();
  }

  async #calmDown(): Promise<void> {
    const world = this.#world;
    world.troubles.calm();
    for (const place of ['near', 'far'] as const) world.restoreRegistration(place);
    world.see('strangers that stop', world.stopStrangers());
    await this.#pass(0);
    for (const party of world.parties) party.calmDown();
    world.tell({ kind: 'calm' });
    this.#informAll(); // finds out what is broken, and nobody has met yet
    await this.#pass(informedWithinMs);
    await this.#pass(patienceOf(world.plan));
    for (const party of world.parties) party.healPassive();
    await this.#pass(informedWithinMs);
    await this.#layGhosts();
    await this.#survey();
    world.tell({ kind: 'healed-by-now' });
    this.#informAll();
    await this.#pass(informedWithinMs);
    await this.#survey();
    world.tell({ kind: 'verified' });
  }

  async #end(): Promise<void> {
    const world = this.#world;
    for (const party of world.parties) party.byeAll();
    await this.#pass(atRestWithinMs);
    let left = await this.#left();
    // A BYE that was not delivered is owed to whoever may have the dialog, and tried again in time.
    for (let waitedMs = 0; waitedMs < noGhostWithinMs && holds(left); waitedMs += lookEveryMs) {
      await this.#pass(lookEveryMs);
      left = await this.#left();
    }
    world.tell({ kind: 'at-rest', left });
    const closing = [...world.parties.map((party) => party.close()), ...world.hops.map((hop) => hop.close())];
    for (const each of closing) world.see('close', each);
    await this.#pass(closedWithinMs);
    world.tell({ kind: 'closed', pending: world.clock.pending });
  }

  async #left(): Promise<Left> {
    const left: Left = { near: {}, far: {} };
    for (const place of ['near', 'far'] as const) {
      const asked = this.#world.ends[place].party?.left();
      await this.#pass(0);
      left[place] = (await asked) ?? {};
    }
    return left;
  }

  /** A dialog that one side has alone is ended there in time. */
  async #layGhosts(): Promise<void> {
    for (let waitedMs = 0; waitedMs < noGhostWithinMs; waitedMs += lookEveryMs) {
      await this.#survey();
      if (!this.#hasGhosts()) return;
      await this.#pass(lookEveryMs);
    }
  }

  #hasGhosts(): boolean {
    const names = (place: 'near' | 'far'): string =>
      this.#world
        .dialogs(place)
        .map(({ name }) => name)
        .sort()
        .join();
    return names('near') !== names('far');
  }

  async #survey(): Promise<void> {
    const surveys = this.#world.parties.map((party) => party.survey());
    await this.#pass(0);
    await Promise.all(surveys);
  }

  #informAll(): void {
    for (const party of this.#world.parties) this.#infos += party.informAll(this.#infos);
  }

  /** What a callback throws is told, and time goes on. */
  async #pass(ms: number): Promise<void> {
    const { clock } = this.#world;
    const untilMs = clock.nowMs() + ms;
    for (let errors = 0; errors < 20; errors++) {
      try {
        await clock.advanceTo(untilMs);
        return;
      } catch (error) {
        this.#world.threw('a callback', error);
      }
    }
    throw new Error('too much was thrown');
  }
}
