import { type Action, actions, type HealVerdict, type Mode, type Rung, rungs, type Tried } from './answers.ts';

/*
 * The rows of the tables of Session Dialog Resiliency, as names to be counted. Not among them, since no run can come to it:
 * - a challenge that a heal answers: no simulated stack has credentials;
 * - rungs with an offer where our session is unknown: every simulated call has one;
 * - heals in mode `none`.
 */

const trouble = [404, 408, 477, 478, 480, 500, 502, 503, 504];
const fatal = [404, 410, 416, 482, 483, 484, 485, 502, 604];
const gone = [410, 416, 482, 483, 484, 485, 604];
/** A rung further down may be the answer to these. */
const ofRung = [405, 481, 501];
const asksForRoute = [403, 404, 405, 420];

/** What becomes of a request in any mode. */
const always = [
  '2xx',
  'any other',
  'no answer',
  'hop gone',
  'overtaken',
  '491, again',
  '422, again',
  '500 with a short Retry-After',
];

const kindsOf: Readonly<Record<Mode, readonly string[]>> = {
  none: [...always, ...fatal.map(String), '408', '480', '481', '430', '405 to INVITE', '501 to INVITE'],
  limited: [...always, ...trouble.map(String), '481'],
  maximum: [...always, ...trouble.map(String), '481'],
};

const modes = ['none', 'limited', 'maximum'] as const;

/** What a 430 to a request comes to where its row is not followed: what may have arrived, and what was sent again too often. */
const lateKinds = { isOld: 'too late to send it again', isSentTwice: 'sent again twice already' };

const healKinds = [
  '2xx',
  '401 or 407',
  '422',
  '491',
  ...asksForRoute.map((status) => `${status} to one without Route`),
  '404 to one with a Route',
  ...trouble.filter((status) => status !== 404).map(String),
  ...ofRung.flatMap((status) => [`${status} above the last rung`, `${status} on the last rung`]),
  ...gone.map(String),
  '603 to Replaces',
  'any other',
  'no answer',
  'hop gone',
];

/** Every row that the model of recovery counts. */
export const recoveryRows: readonly string[] = [
  ...modes.flatMap((mode) => kindsOf[mode].map((kind) => classification(mode, kind))),
  ...actions.map((action) => valueRow(action, 'a request')),
  ...Object.values(lateKinds).map((kind) => valueRow('Dialog', `a request, ${kind}`)),
  ...actions.map((action) => valueRow(action, 'a heal')),
  ...healKinds.map(healRow),
  ...rungs.flatMap((rung) => [sentRow(rung, false), sentRow(rung, true), pathRow(rung)]),
  ...rungs.slice(0, -1).map(moveRow),
];

export function classification(mode: Mode, kind: string): string {
  return `classification: ${mode}: ${kind}`;
}

/** Which row a final answer to a request is. A 430 is one of the value table's, where recovery is on. */
export function requestRow(mode: Mode, method: string, status: number, action: Action): string {
  if (mode !== 'none' && status === 430) return valueRow(action, 'a request');
  const ofMethod = `${status} to ${method}`;
  const kinds = kindsOf[mode];
  if (kinds.includes(ofMethod)) return classification(mode, ofMethod);
  return classification(mode, kinds.includes(String(status)) ? String(status) : 'any other');
}

function valueRow(action: Action, to: string): string {
  return `value table: ${action}, to ${to}`;
}

export function lateRow(isSentTwice: boolean): string {
  return valueRow('Dialog', `a request, ${isSentTwice ? lateKinds.isSentTwice : lateKinds.isOld}`);
}

export function healRow(kind: string): string {
  return `answer to a heal: ${kind}`;
}

/** Which row an answer to a heal is. */
export function healAnswerRow(status: number, action: Action, verdict: HealVerdict, { isBare }: Tried): string {
  if (status === 430) return valueRow(action, 'a heal');
  if (status < 300) return healRow('2xx');
  if (verdict === 'path') return healRow(`${status} to one without Route`);
  if (verdict === 'credentials') return healRow('401 or 407');
  if (status === 603 && verdict === 'gone') return healRow('603 to Replaces');
  if (ofRung.includes(status)) return healRow(`${status} ${verdict === 'next-rung' ? 'above' : 'on'} the last rung`);
  if (status === 404 && !isBare) return healRow('404 to one with a Route');
  return healRow(healKinds.includes(String(status)) ? String(status) : 'any other');
}

export function sentRow(rung: Rung, isRouted: boolean): string {
  return `ladder: ${rung}, ${isRouted ? 'one Route' : 'no Route'}`;
}

export function moveRow(from: Rung): string {
  return `ladder: ${from}, then ${rungs[rungs.indexOf(from) + 1]}`;
}

export function pathRow(rung: Rung): string {
  return `ladder: ${rung}, then the same with one Route`;
}
