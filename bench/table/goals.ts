import { atMost, type Goal } from '../figures.ts';
import type { DialogFigures, TransactionFigures } from './jobs.ts';

/** What a dialog and a finished transaction may take, and how long whoever waits may have to. */
export function goalsOf(found: {
  readonly table: DialogFigures;
  readonly calls: TransactionFigures;
  readonly requests: TransactionFigures;
}): Goal[] {
  const { table, calls, requests } = found;
  const pauseMs = Math.max(calls.longestPauseMs, requests.longestPauseMs);
  return [
    atMost(900, 'octets', 'memory of a dialog, counted', table.countedSize),
    atMost(900, 'octets', 'memory of a dialog, resident', table.residentSize),
    atMost(10, 'ms', 'longest pause from no dialog to all and back', table.longestPauseMs),
    atMost(600, 'octets', 'a finished transaction of calls, counted', calls.countedSize),
    atMost(600, 'octets', 'a finished transaction of calls, resident', calls.residentSize),
    atMost(600, 'octets', 'a finished transaction of INFOs, counted', requests.countedSize),
    atMost(600, 'octets', 'a finished transaction of INFOs, resident', requests.residentSize),
    atMost(10, 'ms', 'longest pause from no transaction to all', pauseMs),
  ];
}
