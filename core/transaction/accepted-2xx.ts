import type { Plan } from './machine.ts';

export type Accepted2xxState = 'waiting';
export type Accepted2xxTimer = 'retransmit' | 'give-up';
export type Accepted2xxEvent = 'ACK';
export type Accepted2xxAction = 'send-response' | 'tell-timeout';

/**
 * The UAS core's care for a 2xx to INVITE: sent again at T1, doubling up to T2, until its ACK comes, over any transport.
 *
 * It runs beside the INVITE server transaction, which is in Accepted then and sends nothing by itself. Its two timers
 * have no names in the RFC. @see RFC 3261 §13.3.1.4, RFC 6026 §8.1
 */
export const accepted2xx: Plan<Accepted2xxState, Accepted2xxTimer, Accepted2xxEvent, Accepted2xxAction> = {
  initial: 'waiting',
  states: {
    waiting: {
      timers: ['retransmit', 'give-up'],
      on: {
        ACK: { to: 'terminated' },
        retransmit: { to: 'waiting', act: ['send-response'] },
        'give-up': { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    terminated: { timers: [], on: {} },
  },
  timers: {
    retransmit: { first: 't1Ms', doublesUpTo: 't2Ms', reliable: 'same' },
    'give-up': { first: 't1x64Ms', reliable: 'same' },
  },
};
