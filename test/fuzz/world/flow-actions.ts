import type { Address } from '../../../core/contract.ts';
import type { SipErrorCode } from '../../../core/errors.ts';
import type { Ground, Opening } from './ground.ts';
import { meant, numberOf, type Operation } from './operations.ts';

/** Longest that one operation waits. */
const waitMaxMs = 120_000;

const faults = ['head-too-large', 'body-too-large', 'content-length'] as const;
const openings: readonly Opening[] = ['yes', 'no', 'wait'];
const failures = ['lost', 'refused', 'idle', 'slow', 'framing'] as const;
const codes: readonly SipErrorCode[] = [
  'SIP_FLOW_LOST',
  'SIP_FLOW_REFUSED',
  'SIP_FLOW_IDLE',
  'SIP_FLOW_SLOW',
  'SIP_FRAMING_LOST',
];

/** Operations on time and flows, to start words with. */
export const flowWords: readonly string[] = [
  ...[1, 20, 100, 400, 1_600, 3_600, 7_000, 20_000, 60_000].map((ms) => `~wait ${ms}`),
  ...['hold', 'go', 'opens no', 'opens wait', 'opens yes', 'grant'].map((words) => `~${words}`),
  ...failures.map((failure) => `~lose 0 ${failure}`),
  ...['open 5', 'head 1 0', 'head 4 content-length', 'turned 4 slow'].map((words) => `~${words}`),
];

/**
 * Does what an operation says of time and flows: `wait MS`; `hold`, and `go` to have all inputs until then in one step; `lose`, `open` and
 * `turned` of a party, whose flow is lost, opened, or closed before it brought anything; `opens` and `grant` of opens that
 * wait; `head` of what a stream brings that is not taken. False where it says something else.
 */
export function actOnFlows<C, E>(
  ground: Ground<C, E>,
  { name, words, text }: Operation,
  addressOf: (word: string | undefined, connected: boolean) => Address,
): boolean {
  const [first, second] = words;
  const failure = { code: meant(second, failures, codes) ?? 'SIP_FLOW_LOST', message: 'an input says so' } as const;
  switch (name) {
    case 'wait':
      ground.pass(Math.min(numberOf(first), waitMaxMs));
      return true;
    case 'hold':
      ground.holds = true;
      return true;
    case 'go':
      ground.holds = false;
      return true;
    case 'lose':
      ground.lose(ground.flows.toward(addressOf(first, false)), failure.code);
      return true;
    case 'open':
      ground.flowOf(addressOf(first, false));
      return true;
    case 'turned':
      ground.put({ kind: 'turned-away', remote: addressOf(first, true), failure });
      return true;
    case 'opens':
      ground.opening = meant(first, openings, openings) ?? 'yes';
      return true;
    case 'grant':
      ground.answerAsked();
      return true;
    case 'head': {
      // Datagrams are never refused unread.
      ground.putHead(addressOf(first, true), text, meant(second, faults, faults) ?? 'content-length');
      return true;
    }
    default:
      return false;
  }
}
