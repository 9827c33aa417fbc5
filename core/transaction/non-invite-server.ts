import { table4 } from '../time/sip-timers.ts';
import type { Plan } from './machine.ts';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed';
export type NonInviteServerTimer = 'expiry' | '100' | 'J';
export type NonInviteServerEvent = 'request' | '2xx-6xx' | '408' | 'flow-lost';
export type NonInviteServerAction = 'send-response' | 'tell-timeout' | 'tell-flow-lost';

/**
 * Non-INVITE server transaction: RFC 3261 §17.2.2, Figure 8, with RFC 4320 §4 and RFC 6026 §7.1.
 *
 * What differs from the figure, and why:
 * - 100 is the only provisional response, and goes out when a client's Timer E reaches T2 (timer `100`, RFC 4320 §4.1). The TU gives
 *   it beforehand and sends none itself, so no event is a 1xx.
 * - 408 is not sent: it completes the transaction, which absorbs from then on (RFC 4320 §4.2).
 * - `expiry` ends what the TU leaves unanswered when the client has given up; then nothing may be sent (RFC 4320 §4.2).
 * - A lost flow ends nothing (RFC 6026 §8.8). In Completed the TU is not told: it has nothing left to do.
 */
export const nonInviteServer: Plan<
  NonInviteServerState,
  NonInviteServerTimer,
  NonInviteServerEvent,
  NonInviteServerAction
> = {
  initial: 'trying',
  states: {
    trying: {
      timers: ['expiry', '100'],
      on: {
        request: { to: 'trying' },
        '2xx-6xx': { to: 'completed', act: ['send-response'] },
        '408': { to: 'completed' },
        'flow-lost': { to: 'trying', act: ['tell-flow-lost'] },
        '100': { to: 'proceeding', act: ['send-response'] },
        expiry: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    proceeding: {
      timers: ['expiry'],
      on: {
        request: { to: 'proceeding', act: ['send-response'] },
        '2xx-6xx': { to: 'completed', act: ['send-response'] },
        '408': { to: 'completed' },
        'flow-lost': { to: 'proceeding', act: ['tell-flow-lost'] },
        expiry: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    completed: {
      timers: ['J'],
      on: {
        request: { to: 'completed', act: ['send-response'] },
        J: { to: 'terminated' },
      },
    },
    terminated: { timers: [], on: {} },
  },
  timers: {
    expiry: { first: 't1x64Ms', reliable: 'same' },
    '100': { first: 'lateTryingMs', reliable: 'same' },
    J: table4.J,
  },
};
