/**
 * What is known of a hop's life.
 *
 * - `up`: nothing speaks against it;
 * - `suspect`: something was asked of it and has no answer. It is used still, and asked at once, at short intervals;
 * - `down`: dead, and there is no flow to ask it by; one is asked for;
 * - `probing`: dead, and asked whether it lives again. Nothing else goes there.
 */
export type HopState = 'up' | 'suspect' | 'down' | 'probing';

export type HopEvent =
  /** A request or heal has had no response for longer than it should. */
  | 'unanswered'
  /** Something came from it. */
  | 'heard'
  /** It has left its probes unanswered. */
  | 'silent'
  | 'flow-lost'
  | 'flow-opened'
  /** Nobody needs it, so that nobody asks it, and would ever know that it is back. */
  | 'unneeded';

const table: Readonly<Record<HopState, Readonly<Partial<Record<HopEvent, HopState>>>>> = {
  up: { unanswered: 'suspect', silent: 'probing', 'flow-lost': 'down' },
  suspect: { heard: 'up', silent: 'probing', 'flow-lost': 'down', unneeded: 'up' },
  down: { heard: 'up', 'flow-opened': 'probing', unneeded: 'up' },
  probing: { heard: 'up', 'flow-lost': 'down', unneeded: 'up' },
};

/** The state after an event; the same where the event says nothing new. */
export function stateAfter(state: HopState, event: HopEvent): HopState {
  return table[state][event] ?? state;
}

/** Whether a hop takes more than probes. */
export function isAlive({ state }: { readonly state: HopState }): boolean {
  return state === 'up' || state === 'suspect';
}
