import { Dice } from './dice.ts';
import { faultsOf } from './faults-of.ts';
import type { Act, Cast, Habit, HopRole, ModelEnd, OurEnd, Plan, Weather } from './plan.ts';

/** How much of it there is to be. */
export interface PlanSize {
  /** Virtual length of the troubled part; 30 unless told otherwise. */
  readonly minutes?: number;
  /** Calls that are tried; 20 or more unless told otherwise. */
  readonly calls?: number;
}

/** Dice of each part, so that one part does not change another. */
const salts = { cast: 1, weather: 2, acts: 3, faults: 4 } as const;

/** Numbers of acts are apart by so much: what an act draws and counts stays its own. */
const actsApart = 2 ** 16;

/** Makes the plan of a seed: the same for the same seed and size. */
export function planOf(seed: number, size: PlanSize = {}): Plan {
  const { minutes = 30, calls } = size;
  const cast = castOf(new Dice(seed, salts.cast));
  const weather = weatherOf(new Dice(seed, salts.weather));
  const acts = actsOf(new Dice(seed, salts.acts), minutes, calls);
  const faults = faultsOf(new Dice(seed, salts.faults), { minutes, cast, acts });
  return { seed, minutes, cast, weather, acts, faults };
}

function castOf(dice: Dice): Cast {
  const isAmongUs = dice.chance(0.5);
  const isSlow = dice.chance(0.12);
  const near = ourEnd(dice, isSlow);
  const other = ourEnd(dice, isSlow);
  const model = modelEnd(dice);
  // When both leave breaks to the other, nobody mends them.
  const far = isAmongUs ? { ...other, passive: other.passive && !near.passive } : model;
  return { near, far, hops: hopsOf(dice) };
}

function ourEnd(dice: Dice, isSlow: boolean): OurEnd {
  const mode = dice.pick([
    'maximum',
    'maximum',
    'maximum',
    'maximum',
    'maximum',
    'limited',
    'limited',
    'limited',
    'none',
    'none',
  ] as const);
  const recovers = mode !== 'none';
  const deadlineMs = dice.pick([5_000, 30_000, 200_000, 600_000]);
  const mediaTimeoutMs = dice.pick([10_000, 40_000, 180_000]);
  const [isPassive, isTrusting, replaces, hasDeadline, hasMediaTimeout] = [0.15, 0.2, 0.3, 0.15, 0.2].map((chance) =>
    dice.chance(chance),
  );
  return {
    kind: 'ours',
    protocol: dice.pick(['udp', 'tcp']),
    mode,
    passive: recovers && isPassive === true,
    trust: recovers && isTrusting === true ? 'dialog-tags' : 'hops',
    replaces: recovers && replaces === true,
    // Probes are most of what is sent, and most of them say the same.
    probeIntervalMs: dice.chance(0.015) ? 375 : dice.pick([3000, 7000, 10_000, 15_000, 20_000, 30_000]),
    sessionIntervalS: isSlow ? dice.pick([90, 120]) : dice.pick([0, 90, 90, 120, 300, 1800]),
    ...(recovers && hasDeadline && { deadlineMs }),
    ...(hasMediaTimeout && { mediaTimeoutMs }),
    // It waits for one session interval and more, which has to be a short one.
    schedule: isSlow && recovers ? 'ms-sipre' : 'doubling',
    registration: dice.pick(['refreshed', 'refreshed', 'failing', 'hanging', 'none']),
    driftPpm: dice.pick([0, 0, 20, 200, 3000]) * dice.pick([-1, 1]),
    // Longer than any transaction.
    ...(dice.chance(0.08) && { t2Ms: 40_000 }),
  };
}

const habits: readonly Habit[] = [
  'refuses-update',
  'does-not-know-update',
  'bodyless-update-481',
  'drops-record-route',
  'changes-contact',
  'no-option-tag',
  'keeps-session-timer',
  'gives-up',
  'forks',
  'rings-reliably',
  'wants-longer-sessions',
  'acks-in-its-branch',
  'glares',
  'challenges',
];

function modelEnd(dice: Dice): ModelEnd {
  const share = dice.pick([0.08, 0.2, 0.35]);
  return {
    kind: 'model',
    protocol: dice.pick(['udp', 'tcp']),
    habits: habits.filter(() => dice.chance(share)),
    sessionIntervalS: dice.pick([0, 90, 120, 300]),
  };
}

function hopsOf(dice: Dice): HopRole[] {
  const count = dice.pick([1, 2, 2, 2, 2, 2, 2, 3]);
  const hasProxies = dice.chance(1 / 3);
  const roles = ['edge', 'proxy', 'proxy-before-edge'] as const;
  const all = Array.from({ length: count }, () => dice.pick(roles));
  return hasProxies ? all : all.map(() => 'edge');
}

function weatherOf(dice: Dice): Weather {
  const isRough = dice.chance(0.3);
  return {
    delayMs: dice.pick([1, 1, 5, 20]),
    jitterMs: dice.pick([0, 3, 3, 30]),
    loss: dice.pick(isRough ? [0.03, 0.08, 0.15] : [0, 0, 0.005, 0.02]),
    duplication: dice.pick([0, 0.01, 0.05]),
    reordering: dice.pick([0, 0.02, 0.1]),
    cutting: dice.pick([0, 0.2, 0.5]),
    truncation: dice.pick([0, 0, 0.002, 0.02]),
  };
}

const deeds: readonly Act['what'][] = [
  ...Array.from({ length: 12 }, () => 'info' as const),
  ...Array.from({ length: 3 }, () => 'update' as const),
  ...Array.from({ length: 2 }, () => 'update-offer' as const),
  ...Array.from({ length: 3 }, () => 'reinvite' as const),
  ...Array.from({ length: 4 }, () => 'bye' as const),
  ...Array.from({ length: 2 }, () => 'heal' as const),
  'media',
  'media',
  'relate',
  'options',
];

/** Busy hours, in each of which calls begin and end, and quiet ones between them: session timers are for those. */
function actsOf(dice: Dice, minutes: number, calls: number | undefined): Act[] {
  const totalMs = minutes * 60_000;
  const periods = Math.max(1, Math.round(minutes / dice.pick([4, 6, 9])));
  const callCount = calls ?? 20 + dice.below(7);
  const acts: Omit<Act, 'dice'>[] = [];
  const place = (): Act['place'] => dice.pick(['near', 'far']);
  for (let period = 0; period < periods; period++) {
    const beginsAtMs = ((period + 0.5 * dice.roll()) / periods) * totalMs;
    const lastsMs = Math.min(dice.stretch(20_000, 120_000), totalMs - beginsAtMs);
    const callsNow = Math.floor((callCount * (period + 1)) / periods) - Math.floor((callCount * period) / periods);
    for (let call = 0; call < callsNow; call++)
      acts.push({ atMs: beginsAtMs + lastsMs * 0.6 * dice.roll(), place: place(), what: 'invite', pick: dice.roll() });
    const deedCount = callsNow * 5 + dice.below(8);
    for (let deed = 0; deed < deedCount; deed++)
      acts.push({
        atMs: beginsAtMs + lastsMs * dice.roll(),
        place: place(),
        what: dice.pick(deeds),
        pick: dice.roll(),
      });
  }
  // Few, and far between: somebody has to find out what is broken while nothing happens.
  for (let lone = 0; lone < minutes / 3; lone++)
    acts.push({ atMs: totalMs * dice.roll(), place: place(), what: dice.pick(deeds), pick: dice.roll() });
  return acts
    .sort((one, other) => one.atMs - other.atMs)
    .map((act, index) => ({
      ...act,
      atMs: Math.round(act.atMs),
      dice: (index + 1) * actsApart + dice.below(2 ** 12) * 16,
    }));
}
