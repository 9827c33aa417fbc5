import type { Dice } from './dice.ts';
import type { Act, Cast, Fault, Forgery, Place, Weather } from './plan.ts';

type Kind = Fault['kind'];

/** How often each kind is drawn, among those that the cast has a use for. */
const weights: Readonly<Record<Kind, number>> = {
  'edge-forgets': 6,
  'edge-loses-flow': 4,
  'edge-loses-registration': 3,
  'hop-dies': 6,
  'hop-pauses': 3,
  outage: 2,
  'hop-answers': 11,
  'hop-slow': 2,
  reset: 3,
  'reset-mid-message': 2,
  partition: 4,
  'both-break': 2,
  'clock-jumps': 2,
  restart: 2,
  weather: 2,
  'byes-lost': 2,
  'heals-cross': 3,
  forgery: 4,
};

const waitS = [1, 5, 20, 60, 200];
/** Milliseconds between what breaks together. */
const gaps = [0, 0, 1, 4, 30, 300, 1000, 2500, 8000, 20_000];

/** Everything that breaks: in bunches, and at awkward times. */
export function faultsOf(
  dice: Dice,
  { minutes, cast, acts }: { readonly minutes: number; readonly cast: Cast; readonly acts: readonly Act[] },
): Fault[] {
  const totalMs = minutes * 60_000;
  const kinds = (Object.keys(weights) as Kind[]).filter((kind) => isOfUse(kind, cast));
  const bag = kinds.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind));
  const count = Math.max(10, Math.round((minutes / 30) * (10 + dice.below(10))));
  const faults: Fault[] = [];
  while (faults.length < count) {
    let atMs = dice.chance(0.6) ? soonAfter(dice, acts) : totalMs * dice.roll();
    const together = dice.pick([1, 1, 2, 3, 4]);
    for (let each = 0; each < together; each++) {
      faults.push(...faultsAt(dice, dice.pick(bag), Math.min(Math.round(atMs), totalMs - 1), cast, acts));
      atMs += dice.pick(gaps) * (0.5 + dice.roll());
    }
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}

/** While an act, mostly a call that begins, is under way. */
function soonAfter(dice: Dice, acts: readonly Act[]): number {
  const calls = acts.filter(({ what }) => what === 'invite');
  const act = dice.pick(dice.chance(0.5) && calls.length > 0 ? calls : acts);
  return (act?.atMs ?? 0) + dice.pick([0, 1, 3, 8, 50, 600, 3000, 12_000]) * (0.3 + dice.roll());
}

function isOfUse(kind: Kind, { near, far, hops }: Cast): boolean {
  if (kind.startsWith('edge-')) return hops.some((role) => role !== 'proxy');
  if (kind === 'reset' || kind === 'reset-mid-message') return near.protocol === 'tcp' || far.protocol === 'tcp';
  return true;
}

function faultsAt(dice: Dice, kind: Kind, atMs: number, cast: Cast, acts: readonly Act[]): Fault[] {
  if (kind !== 'hop-answers') return [faultOf(dice, kind, atMs, cast)];
  const startsMs = dice.chance(0.5) ? justBefore(dice, acts) : atMs;
  const fault = hopAnswers(dice, startsMs, dice.below(cast.hops.length));
  return dice.chance(0.4) ? answersTwice(dice, fault) : [fault];
}

/** In time for a request inside a dialog. */
function justBefore(dice: Dice, acts: readonly Act[]): number {
  const { atMs } = dice.pick(acts.filter(({ what }) => asking.has(what)));
  return Math.max(0, atMs - dice.pick([0, 5, 50, 300]));
}

const asking: ReadonlySet<Act['what']> = new Set(['info', 'update', 'update-offer', 'reinvite', 'options']);

function faultOf(dice: Dice, kind: Exclude<Kind, 'hop-answers'>, atMs: number, cast: Cast): Fault {
  const hop = dice.below(cast.hops.length);
  const place = dice.pick(['near', 'far'] as const);
  switch (kind) {
    case 'edge-forgets':
      return { atMs, kind, hop: edgeOf(dice, cast) };
    case 'edge-loses-flow':
    case 'edge-loses-registration':
      return { atMs, kind, hop: edgeOf(dice, cast), place };
    case 'hop-dies':
      return { atMs, kind, hop, forMs: dice.stretch(10, 90_000) };
    case 'hop-pauses':
      return { atMs, kind, hop, forMs: dice.stretch(50, 40_000) };
    case 'outage':
      return { atMs, kind, forMs: dice.stretch(500, 180_000) };
    case 'hop-slow':
      return { atMs, kind, hop, forMs: dice.stretch(1000, 60_000), byMs: dice.stretch(100, 8000) };
    case 'reset':
    case 'reset-mid-message':
      return { atMs, kind, hop, place: streaming(dice, cast) };
    case 'partition':
      return { atMs, kind, hop, place, forMs: dice.stretch(100, 90_000) };
    case 'both-break':
      return { atMs, kind, forMs: dice.stretch(500, 60_000) };
    case 'clock-jumps':
      return { atMs, kind, place: ours(dice, cast), byMs: dice.stretch(200, 240_000) };
    case 'restart':
      return { atMs, kind, place, forMs: dice.stretch(50, 60_000), kept: dice.chance(0.7) };
    case 'weather':
      return { atMs, kind, forMs: dice.stretch(2000, 60_000), weather: badWeather(dice) };
    case 'byes-lost':
      return { atMs, kind, forMs: dice.stretch(2000, 120_000) };
    case 'heals-cross':
      return { atMs, kind, pick: dice.roll() };
    case 'forgery':
      return { atMs, kind, place, what: dice.pick(forgeries), pick: dice.roll() };
  }
}

const forgeries: readonly Forgery[] = [
  'refresh',
  'reinvite',
  'response',
  '430',
  'replay',
  'bye-guessed',
  'old-cseq',
  'scan',
  'garbage',
];

const update = 'Dialog-Route-Set-Update';
const registration = 'Registration-Route-Set-Update';
const wait = 'Wait-For-Session-Update';
/** Every value alone, in the pairs that servers send, one that nobody knows, and none at all: RFC 5626's own 430. */
const actions = [
  update,
  update,
  wait,
  wait,
  registration,
  `${registration}, ${update}`,
  `${wait}, ${update}`,
  'Do-Something',
  'Do-Something',
  undefined,
  undefined,
];
const statuses = [
  ...[
    403, 404, 405, 408, 410, 416, 420, 422, 477, 478, 480, 481, 482, 483, 484, 485, 491, 500, 501, 502, 503, 504, 603,
    604,
  ],
  ...[404, 405, 481, 500, 501, 503],
  ...Array.from({ length: 8 }, () => 430),
];

/** How a hop refuses a heal that it wants to see a Route in. */
const asksForRoute = [403, 404, 405, 420];

type Answering = Extract<Fault, { readonly kind: 'hop-answers' }>;

function hopAnswers(dice: Dice, atMs: number, hop: number): Answering {
  const status = dice.pick(statuses);
  const action = status === 430 ? dice.pick(actions) : undefined;
  const mayWait = status === 503 || status === 500 || status === 480;
  const retryAfterS = mayWait && dice.chance(0.5) ? dice.pick(waitS) : undefined;
  return {
    atMs,
    kind: 'hop-answers',
    hop,
    forMs: dice.stretch(1000, 120_000),
    status,
    ...(action !== undefined && { action }),
    ...(retryAfterS !== undefined && { retryAfterS }),
    delayMs: dice.pick([0, 0, 0, 20, 400, 3000, 10_000]),
    to: dice.pick(['all', 'in-dialog', 'in-dialog', 'routed', 'routed', 0.3, 0.7] as const),
  };
}

/** Of two minds: about requests and the heals that they lead to, or about dialogs and calls in their place. */
function answersTwice(dice: Dice, fault: Answering): Answering[] {
  const { atMs, hop, forMs } = fault;
  const also = (status: number, to: Answering['to'], given: Partial<Answering> = {}): Answering => ({
    ...{ atMs, kind: 'hop-answers', hop, forMs, status, delayMs: 0, to },
    ...given,
  });
  const asked = dice.pick(asksForRoute);
  switch (dice.below(9)) {
    case 0:
    case 1:
      return [also(dice.pick([481, 501]), 'in-dialog'), also(dice.pick([...asksForRoute, 603]), 'beginning')];
    case 2:
      return [{ ...fault, to: 'routed' }, also(asked, 'routeless')];
    case 3:
      return [also(404, 'routed'), also(asked, 'routeless')];
    case 4:
      return [
        also(dice.pick([405, 405, 501]), 'in-dialog', { forMs: forMs + 30_000 }),
        also(430, 'routed', { action: update, forMs: 3000 }),
      ];
    default:
      return [also(430, 'routed', { action: update }), { ...fault, to: 'routeless' }];
  }
}

function badWeather(dice: Dice): Partial<Weather> {
  return dice.pick<Partial<Weather>>([
    { loss: dice.pick([0.2, 0.5, 0.9]) },
    { delayMs: dice.pick([200, 700, 2500]), jitterMs: dice.pick([0, 500]) },
    { duplication: 0.3, reordering: 0.3, jitterMs: 40 },
    { truncation: 0.2, cutting: 0.9 },
  ]);
}

function edgeOf(dice: Dice, { hops }: Cast): number {
  return dice.pick([...hops.keys()].filter((hop) => hops[hop] !== 'proxy'));
}

function streaming(dice: Dice, { near, far }: Cast): Place {
  const places: Place[] = [];
  if (near.protocol === 'tcp') places.push('near');
  if (far.protocol === 'tcp') places.push('far');
  return dice.pick(places);
}

function ours(dice: Dice, { far }: Cast): Place {
  return far.kind === 'ours' ? dice.pick(['near', 'far'] as const) : 'near';
}
