import { table4 } from '../time/sip-timers.ts';
import type { Plan } from './machine.ts';

export type InviteServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed';
export type InviteServerTimer = '100' | 'G' | 'H' | 'I' | 'L';
export type InviteServerEvent = 'request' | 'ACK' | '1xx' | '2xx' | '3xx-6xx' | 'flow-lost';
export type InviteServerAction = 'send-response' | 'pass-ack' | 'tell-ack' | 'tell-timeout' | 'tell-flow-lost';

/**
 * INVITE server transaction: RFC 3261 §17.2.1 with the states and timers of RFC 6026's Figure 7.
 *
 * What differs from the figure, and why:
 * - `trying` is Proceeding while the TU has said nothing: the figure's "send 100 if TU won't in 200 ms" as a timer. A
 *   retransmitted request calls for the 100 at once.
 * - Timer H tells the TU, as §17.2.1 has it ("MUST indicate"); RFC 6026's figure shows no action.
 * - No 2xx comes in Accepted: `accepted2xx` sends the one that there is again, and nobody here relays those of others.
 * - The ACK of a 3xx–6xx is told, so that the TU can let go of what it kept.
 */
export const inviteServer: Plan<InviteServerState, InviteServerTimer, InviteServerEvent, InviteServerAction> = {
  initial: 'trying',
  states: {
    trying: {
      timers: ['100'],
      on: {
        request: { to: 'proceeding', act: ['send-response'] },
        '1xx': { to: 'proceeding', act: ['send-response'] },
        '2xx': { to: 'accepted', act: ['send-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-response'] },
        'flow-lost': { to: 'trying', act: ['tell-flow-lost'] },
        '100': { to: 'proceeding', act: ['send-response'] },
      },
    },
    proceeding: {
      timers: [],
      on: {
        request: { to: 'proceeding', act: ['send-response'] },
        '1xx': { to: 'proceeding', act: ['send-response'] },
        '2xx': { to: 'accepted', act: ['send-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-response'] },
        'flow-lost': { to: 'proceeding', act: ['tell-flow-lost'] },
      },
    },
    accepted: {
      timers: ['L'],
      on: {
        request: { to: 'accepted' },
        ACK: { to: 'accepted', act: ['pass-ack'] },
        'flow-lost': { to: 'accepted', act: ['tell-flow-lost'] },
        L: { to: 'terminated' },
      },
    },
    completed: {
      timers: ['G', 'H'],
      on: {
        request: { to: 'completed', act: ['send-response'] },
        ACK: { to: 'confirmed', act: ['tell-ack'] },
        'flow-lost': { to: 'completed', act: ['tell-flow-lost'] },
        G: { to: 'completed', act: ['send-response'] },
        H: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    confirmed: {
      timers: ['I'],
      on: {
        ACK: { to: 'confirmed' },
        I: { to: 'terminated' },
      },
    },
    terminated: { timers: [], on: {} },
  },
  timers: {
    '100': { first: 'tryingMs', reliable: 'same' },
    G: table4.G,
    H: table4.H,
    I: table4.I,
    L: table4.L,
  },
};
