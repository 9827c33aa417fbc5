import type { Message } from '../message/message.ts';
import { type ResponseEffect, responseEffect } from './response-effect.ts';

/** How hard we try. @see RouteSetRecoveryMode of UCMA: None, LimitedRetry, MaximumRetry */
export type RecoveryMode = 'none' | 'limited' | 'maximum';

/** Why a route is held to be broken. */
export type BreakCause =
  /** A final response said so; its status goes with it. */
  | 'response'
  /** No final response. */
  | 'timeout'
  /** The flow to the hop failed: refused, reset, closed. */
  | 'flow-lost'
  /** The hop answers no probes. */
  | 'hop-silent';

/**
 * Who can mend a break, as far as is known. `us`: a server has asked us to heal (Dialog-Route-Set-Update), or only a heal can tell
 * whether there still is a dialog. `registration`: as well, but our registration is to be refreshed first.
 */
export type Mender = 'us' | 'registration' | 'either';

/** What the final response to a request of ours says of the dialog. */
export type RequestVerdict =
  /** Nothing of the route: the program's answer. */
  | 'delivered'
  /** A hop lost its half of the route: heal, then send the request again. */
  | 'heal-and-resend'
  /** The route is broken: fail the request, heal for as long as it takes. */
  | 'route-broken'
  /** The peer, or a proxy in its name, says that there is no such dialog: one walk of the ladder will tell. */
  | 'said-gone'
  /** The call is over, but for our BYE. @see RFC 3261 §12.2.1.2 */
  | 'usage-over'
  /** The dialog is over: whatever else is sent in it would fail as well. */
  | 'gone';

/** What the final response to a heal says. */
export type HealVerdict =
  | 'healed'
  /** The same heal with the other kind of path. */
  | 'other-path'
  /** The next rung of the ladder, at once. */
  | 'next-rung'
  /** Two offers crossed. @see RFC 3261 §14.1 */
  | 'glare'
  /** The attempt failed: again, by the schedule. */
  | 'later'
  | 'gone';

/**
 * What is read as hop trouble. A deviation: RFC 5057 §5.1 makes 404 and 502 fatal to the dialog, 408 and 480 to the usage; but so
 * answers a hop that cannot reach the peer, or a registrar that has not learned of it again.
 */
const hopTrouble: ReadonlySet<number> = new Set([404, 408, 477, 478, 480, 500, 502, 503, 504]);

/** What ends a dialog even while it heals. @see RFC 5057 §5.1 */
const endsHealing: ReadonlySet<number> = new Set([410, 416, 482, 483, 484, 485, 604]);

/** Without recovery. @see RFC 5057 §5.1 */
const unhealed: Readonly<Record<ResponseEffect, RequestVerdict>> = {
  transaction: 'delivered',
  usage: 'usage-over',
  dialog: 'gone',
};

/** How a hop that wants to see a Route refuses a request without one. */
export const refusesRouteLess: ReadonlySet<number> = new Set([403, 404, 405, 420]);

/** Reads the final response to a request inside a dialog, other than BYE, CANCEL and PRACK. */
export function classifyResponse(mode: RecoveryMode, response: Message): RequestVerdict {
  const { status } = response;
  if (status < 300) return 'delivered';
  if (mode === 'none') return unhealed[responseEffect(response.method, status)];
  if (status === 430) return classifyFlowFailed(response);
  if (status === 481) return 'said-gone';
  return hopTrouble.has(status) ? 'route-broken' : 'delivered';
}

/**
 * Reads a 430. Without a recovery action it is RFC 5626's, which concerns its transaction alone.
 *
 * @see [MS-SIPRE] §3.7.5.3.1; RFC 5626 §11.5
 */
function classifyFlowFailed(response: Message): RequestVerdict {
  const action = response.recoveryAction;
  if (action.presence !== 'present') return 'delivered';
  if (action.registration || action.wait) return 'route-broken';
  return action.dialog ? 'heal-and-resend' : 'delivered';
}

/** Reads the final response to a heal. `routeLess` says which kind of path it took, `lastRung` that nothing is below it. */
export function classifyHealResponse(status: number, routeLess: boolean, lastRung: boolean): HealVerdict {
  if (status < 300) return 'healed';
  if (routeLess && refusesRouteLess.has(status)) return 'other-path';
  if (status === 481) return lastRung ? 'gone' : 'next-rung';
  if (status === 405 || status === 501) return lastRung ? 'later' : 'next-rung';
  if (status === 491) return 'glare';
  return endsHealing.has(status) ? 'gone' : 'later';
}

/** Whom a response that breaks a route asks to mend it. A 481 is a claim that only a heal of ours can try. */
export function menderOf(response: Message): Mender {
  const { status, recoveryAction: action } = response;
  if (status === 481) return 'us';
  if (status !== 430 || action.presence !== 'present') return 'either';
  if (action.registration) return 'registration';
  return action.dialog ? 'us' : 'either';
}

/** Whether a response says that only the far end can mend the route. @see [MS-SIPRE] §3.7.5.1 */
export function saysWait({ status, recoveryAction: action }: Message): boolean {
  if (status !== 430 || action.presence !== 'present') return false;
  return action.wait && !action.dialog && !action.registration;
}

/** Whether what a heal ended with, a response or none, speaks of the route: if not, it is the far end's word. */
export function tellsOfRoute(response: Message | undefined): boolean {
  return response === undefined || response.status === 430 || isHopTrouble(response.status);
}

/** Whether a refusal speaks of the heal's method: on the last rung there is no other one left. */
export function tellsOfRung(status: number): boolean {
  return status === 405 || status === 501;
}

/** Whether a response is read as trouble of a hop rather than the peer's word. */
export function isHopTrouble(status: number): boolean {
  return hopTrouble.has(status);
}
