import type { Message } from '../models/message.ts';
import type { OurEnd } from '../plan.ts';

/** The tables of Session Dialog Resiliency once more, and plainly: what an answer means, by mode. */

export type Mode = OurEnd['mode'];

/** What a 430 asks for ([MS-SIPRE] §3.7.5.1). */
export const actions = [
  'Dialog',
  'Registration and Dialog',
  'Registration',
  'Wait',
  'Wait and Dialog',
  'unknown',
  'none',
] as const;
export type Action = (typeof actions)[number];

const tokens: ReadonlyMap<string, string> = new Map([
  ['registration-route-set-update', 'Registration'],
  ['wait-for-session-update', 'Wait'],
  ['dialog-route-set-update', 'Dialog'],
]);

/** Reads P-Dialog-Recovery-Action: a list, in any case, whose order says nothing. */
export function actionOf(answer: Message): Action {
  const values = answer.values('p-dialog-recovery-action').map((value) => value.toLowerCase());
  if (values.length === 0) return 'none';
  const known = [...tokens].filter(([token]) => values.includes(token)).map(([, name]) => name);
  if (known.length === 0) return 'unknown';
  if (known.includes('Registration')) return known.includes('Dialog') ? 'Registration and Dialog' : 'Registration';
  if (known.includes('Wait')) return known.includes('Dialog') ? 'Wait and Dialog' : 'Wait';
  // Only when it stands alone is it a promise that we can mend all of it.
  return values.length === 1 ? 'Dialog' : 'Wait and Dialog';
}

/** What an answer to a request of a user's means. */
export type RequestVerdict =
  /** It is the program's, and says nothing of the route. */
  | 'told'
  /** Heal, send again, tell nobody. */
  | 'mended'
  /** Told, then the route is broken, then heals. */
  | 'broken'
  /** The same, but the registration comes before the heals. */
  | 'registers'
  /** RFC 5057 §5.1: told; the usage ends by BYE, the dialog at once. */
  | 'ends-usage'
  | 'ends-dialog';

/** Answers that a hop makes which cannot reach the peer. */
const hopTrouble: ReadonlySet<number> = new Set([404, 408, 477, 478, 480, 500, 502, 503, 504]);
const fatal: ReadonlySet<number> = new Set([404, 410, 416, 482, 483, 484, 485, 502, 604]);
const ofUsage: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'INFO']);

const byAction: Readonly<Record<Action, RequestVerdict>> = {
  Dialog: 'mended',
  'Registration and Dialog': 'registers',
  Registration: 'registers',
  Wait: 'broken',
  'Wait and Dialog': 'broken',
  unknown: 'told',
  none: 'told',
};

/** The classification of a final answer; of none (408) and of a lost flow (503) as well. */
export function requestVerdict(mode: Mode, method: string, status: number, action: Action): RequestVerdict {
  if (mode === 'none') {
    if (fatal.has(status)) return 'ends-dialog';
    const isOver = status === 408 || status === 480 || status === 481;
    if (isOver && ofUsage.has(method)) return 'ends-usage';
    return method === 'INVITE' && (status === 405 || status === 501) ? 'ends-usage' : 'told';
  }
  if (status === 430) return byAction[action];
  return hopTrouble.has(status) || status === 481 ? 'broken' : 'told';
}

/** The ladder. */
export const rungs = ['UPDATE', 'UPDATE with the offer', 're-INVITE', 'INVITE with Replaces'] as const;
export type Rung = (typeof rungs)[number];

/** What an answer to a heal means. */
export type HealVerdict =
  | 'healed'
  | 'credentials'
  /** The same once more, with one Route that names the hop. */
  | 'path'
  | 'next-rung'
  | 'gone'
  | 'glare'
  | 'longer'
  | 'registers'
  /** Again by the schedule; the route is what is in the way. */
  | 'trouble'
  /** Again by the schedule; the peer has spoken, and a request that waits fails with it. */
  | 'refused';

const asksForRoute: ReadonlySet<number> = new Set([403, 404, 405, 420]);
const asksForRung: ReadonlySet<number> = new Set([405, 481, 501]);
const peerIsGone: ReadonlySet<number> = new Set([410, 416, 482, 483, 484, 485, 604]);

/** A heal, as far as its answer depends on it. `isBare`: it had no Route. `isLast`: no rung is left below it. */
export interface Tried {
  readonly rung: Rung;
  readonly isBare: boolean;
  readonly isLast: boolean;
}

export function healVerdict(status: number, action: Action, { rung, isBare, isLast }: Tried): HealVerdict {
  if (status < 300) return 'healed';
  // RFC 3891 §3: the dialog that was to be replaced has ended.
  if (status === 603 && rung === 'INVITE with Replaces') return 'gone';
  if (status === 401 || status === 407) return 'credentials';
  if (isBare && asksForRoute.has(status)) return 'path';
  if (asksForRung.has(status) && !isLast) return 'next-rung';
  if (status === 481 || peerIsGone.has(status)) return 'gone';
  if (status === 491) return 'glare';
  if (status === 422) return 'longer';
  if (status === 430) return action.startsWith('Registration') ? 'registers' : 'trouble';
  return hopTrouble.has(status) ? 'trouble' : 'refused';
}
