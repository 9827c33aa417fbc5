import { table4 } from '../time/sip-timers.ts';
import type { Plan } from './machine.ts';

export type InviteClientState = 'calling' | 'proceeding' | 'cancelling' | 'silent' | 'accepted' | 'completed';
export type InviteClientTimer = 'A' | 'B' | 'cancelled' | 'late' | 'D' | 'M';
export type InviteClientEvent = '1xx' | '2xx' | '3xx-6xx' | 'cancel' | 'flow-lost' | 'hop-silent';
export type InviteClientAction =
  | 'send-request'
  | 'send-ack'
  | 'tell-response'
  | 'tell-timeout'
  | 'tell-flow-lost'
  | 'tell-hop-silent';

/**
 * INVITE client transaction: RFC 3261 §17.1.1.2 with the states and timers of RFC 6026's Figure 5.
 *
 * What differs from the figure, and why:
 * - `cancelling` is Proceeding with a CANCEL under way: the INVITE ends 64*T1 later, whatever happens (RFC 3261 §9.1).
 * - A lost flow ends Proceeding as well: the figure has transport errors only where something is sent, but §17.1.4 names
 *   no state, and a call must not wait for a response that has no way back.
 * - `silent`: the hop is held for dead, but its flow is open, so that it may have the request or get it yet. The user is told that no answer
 *   will come, and nothing is sent any more; one that comes all the same within 64*T1 still has its transaction.
 * - A lost flow ends Completed without a word: its user has had the final response, and no ACK can go.
 */
export const inviteClient: Plan<InviteClientState, InviteClientTimer, InviteClientEvent, InviteClientAction> = {
  initial: 'calling',
  states: {
    calling: {
      timers: ['A', 'B'],
      on: {
        '1xx': { to: 'proceeding', act: ['tell-response'] },
        '2xx': { to: 'accepted', act: ['tell-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-ack', 'tell-response'] },
        'flow-lost': { to: 'terminated', act: ['tell-flow-lost'] },
        'hop-silent': { to: 'silent', act: ['tell-hop-silent'] },
        A: { to: 'calling', act: ['send-request'] },
        B: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    proceeding: {
      timers: [],
      on: {
        '1xx': { to: 'proceeding', act: ['tell-response'] },
        '2xx': { to: 'accepted', act: ['tell-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-ack', 'tell-response'] },
        cancel: { to: 'cancelling' },
        'flow-lost': { to: 'terminated', act: ['tell-flow-lost'] },
        'hop-silent': { to: 'silent', act: ['tell-hop-silent'] },
      },
    },
    cancelling: {
      timers: ['cancelled'],
      on: {
        '1xx': { to: 'cancelling', act: ['tell-response'] },
        '2xx': { to: 'accepted', act: ['tell-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-ack', 'tell-response'] },
        'flow-lost': { to: 'terminated', act: ['tell-flow-lost'] },
        'hop-silent': { to: 'silent', act: ['tell-hop-silent'] },
        cancelled: { to: 'terminated', act: ['tell-timeout'] },
      },
    },
    silent: {
      timers: ['late'],
      on: {
        '2xx': { to: 'accepted', act: ['tell-response'] },
        '3xx-6xx': { to: 'completed', act: ['send-ack', 'tell-response'] },
        'flow-lost': { to: 'terminated' },
        late: { to: 'terminated' },
      },
    },
    accepted: {
      timers: ['M'],
      on: {
        '2xx': { to: 'accepted', act: ['tell-response'] },
        M: { to: 'terminated' },
      },
    },
    completed: {
      timers: ['D'],
      on: {
        '3xx-6xx': { to: 'completed', act: ['send-ack'] },
        'flow-lost': { to: 'terminated' },
        D: { to: 'terminated' },
      },
    },
    terminated: { timers: [], on: {} },
  },
  timers: {
    A: table4.A,
    B: table4.B,
    cancelled: { first: 't1x64Ms', reliable: 'same' },
    late: { first: 't1x64Ms', reliable: 'same' },
    D: table4.D,
    M: table4.M,
  },
};
