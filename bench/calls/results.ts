import { atLeast, atMost, type Goal } from '../figures.ts';
import type { Scenario } from './arguments.ts';
import type { CallFigures, Look } from './messages.ts';

/** What the brief of the stack asks for, whatever rate was asked for here. */
const goalPerSecond = 4_000;

/** What the two processes told. */
export interface Played {
  readonly figures: CallFigures;
  /** Calls of the warm-up that failed. */
  readonly failedBefore: number;
  readonly stack: { readonly before: Look; readonly after: Look };
  readonly farEnd: { readonly before: Look; readonly after: Look };
}

/** What a run found. Times are milliseconds, sizes octets. */
export interface Results extends CallFigures {
  readonly failedBefore: number;
  /** As the far end counts them: messages that came again, and messages that it sent again. */
  readonly retransmissions: { readonly received: number; readonly sent: number };
  /** Both, in the warm-up. */
  readonly retransmissionsBefore: number;
  /** User and system time of the stack's process for one call, in microseconds. */
  readonly cpuPerCallUs: number;
  /** Share of one core. */
  readonly stackCpu: number;
  readonly farEndCpu: number;
  readonly rssSize: { readonly start: number; readonly end: number };
  readonly loopDelayMs: Look['loopDelayMs'];
  readonly shed: number;
}

export function resultsOf({ figures, failedBefore, stack, farEnd }: Played): Results {
  const repetitions = (kind: 'received' | 'sent'): number =>
    farEnd.after.repetitions[kind] - farEnd.before.repetitions[kind];
  return {
    ...figures,
    failures: [...figures.failures, ...stack.after.failures, ...farEnd.after.failures],
    failedBefore,
    retransmissions: { received: repetitions('received'), sent: repetitions('sent') },
    retransmissionsBefore: farEnd.before.repetitions.received + farEnd.before.repetitions.sent,
    cpuPerCallUs: (1000 * (stack.after.cpuMs - stack.before.cpuMs)) / Math.max(1, figures.begun),
    stackCpu: shareOf(stack),
    farEndCpu: shareOf(farEnd),
    rssSize: { start: stack.before.rssSize, end: stack.after.rssSize },
    loopDelayMs: stack.after.loopDelayMs,
    shed: stack.after.shed,
  };
}

/** A call that failed is no goal missed: it ends the bench with 1. */
export function goalsOf({ callsPerSecond, shards }: Scenario, results: Results): Goal[] {
  const { received, sent } = results.retransmissions;
  const goals = [atMost(0, 'messages', 'sent again, by either side', received + sent)];
  if (callsPerSecond < goalPerSecond) return goals;
  goals.push(atLeast(goalPerSecond * 0.99, 'calls', 'a second', results.perSecond));
  if (shards === 0) goals.push(atMost(1, 'cores', 'CPU of the stack', results.stackCpu));
  return goals;
}

function shareOf({ before, after }: Played['stack']): number {
  return (after.cpuMs - before.cpuMs) / Math.max(1, after.atMs - before.atMs);
}
