import { DialogFlag, type DialogIndex, DialogState, type DialogTable } from '../dialog/table.ts';

/**
 * Whose turn comes first, from 0: who has a request waiting, or is asked for by the program, before who has not; in each half emergency
 * calls first, then answered ones, then early ones (those have a turn only where a request waits). Among equals who has waited longest.
 */
export type Priority = number;

const classes = { emergency: 0, answered: 1, early: 2 } as const;
const classCount = 3;

/** How many priorities there are. */
export const priorityCount: number = 2 * classCount;

export function priorityOf(table: DialogTable, dialog: DialogIndex, urgent: boolean): Priority {
  return classOf(table, dialog) + (urgent ? 0 : classCount);
}

function classOf(table: DialogTable, dialog: DialogIndex): number {
  if (table.has(dialog, DialogFlag.emergency)) return classes.emergency;
  return table.state[dialog] === DialogState.early ? classes.early : classes.answered;
}
