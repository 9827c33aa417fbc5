import { table4 } from '../time/sip-timers.ts';
import type { Plan } from './machine.ts';

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed';
export type NonInviteClientTimer = 'E' | 'F' | 'K';
export type NonInviteClientEvent = '1xx' | '2xx-6xx' | 'flow-lost';
export type NonInviteClientAction = 'send-request' | 'tell-response' | 'tell-timeout' | 'tell-flow-lost';

/** Non-INVITE client transaction: RFC 3261 §17.1.2.2, Figure 6. */
export const nonInviteClient: Plan<
  NonInviteClientState,
  NonInviteClientTimer,
  NonInviteClientEvent,
  NonInviteClientAction
> = {
  initial: 'trying',
  states: {
    trying: {
      timers: ['E', 'F'],
      on: {
        '1xx': { to: 'proceeding', act: ['tell-response'] },
        '2xx-6xx': { to: 'completed', act: ['tell-response'] },
        'flow-lost': { to: 'terminated', act: ['tell-flow-lost'] },
        E: { to: 'trying', act: ['send-request'] },
        F: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    proceeding: {
      timers: ['E', 'F'],
      on: {
        '1xx': { to: 'proceeding', act: ['tell-response'] },
        '2xx-6xx': { to: 'completed', act: ['tell-response'] },
        'flow-lost': { to: 'terminated', act: ['tell-flow-lost'] },
        E: { to: 'proceeding', act: ['send-request'], again: 't2Ms' },
        F: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    completed: {
      timers: ['K'],
      on: {
        '2xx-6xx': { to: 'completed' },
        K: { to: 'terminated' },
      },
    },
    terminated: { timers: [], on: {} },
  },
  timers: { E: table4.E, F: table4.F, K: table4.K },
};
