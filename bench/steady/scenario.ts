/** What a run is to show. */
export interface Scenario {
  readonly dialogs: number;
  readonly minutes: number;
  readonly transport: 'udp';
}

/** Session-Expires of every dialog. */
export const intervalS = 1800;

/** Who refreshes does it at half the interval. @see RFC 4028 §10 */
export const refreshS = intervalS / 2;

/** Has no divisor in common with `refreshS`, so that dialogs adopted one after the other are due far apart. */
const stride = 613;

/** By turns. */
export function isOurs(dialog: number): boolean {
  return dialog % 2 === 0;
}

/** So many seconds after its adoption a dialog of ours is due for the first time; over all dialogs they are spread evenly. */
export function firstDueS(dialog: number): number {
  return ((dialog >> 1) * stride) % refreshS;
}

/** Refreshes of both sides in so many minutes, where they are spread evenly. */
export function refreshesIn({ dialogs, minutes }: Scenario): number {
  return (dialogs * minutes * 60) / refreshS;
}
