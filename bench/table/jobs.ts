/** Parts of the bench, each of which has a process of its own. */
export type Job = 'dialogs' | 'map' | 'calls' | 'requests';

export const operations = ['create', 'find', 'change', 'walk', 'free'] as const;
export type Operation = (typeof operations)[number];

/** What dialogs cost, kept in some way. */
export interface DialogFigures {
  /** Operations a second. */
  readonly perSecond: Readonly<Record<Operation, number>>;
  /** Milliseconds of the longest pause, growing from an empty table to the full one and back. */
  readonly longestPauseMs: number;
  /** Octets of resident memory that each dialog has added. */
  readonly residentSize: number;
  /** Octets of each by the table's own count; 0 where there is none. */
  readonly countedSize: number;
  /** Of these: in columns. */
  readonly rowSize: number;
  /** Dialogs that were not found, could not be changed, or were still there in the end. */
  readonly wrong: number;
}

/** What transactions cost that are answered and only absorb. */
export interface TransactionFigures {
  readonly perSecond: number;
  readonly longestPauseMs: number;
  readonly residentSize: number;
  readonly countedSize: number;
  /** Octets of the response that is kept. */
  readonly responseSize: number;
  /** Requests that were not taken for what they are, and what was left when all should have ended. */
  readonly wrong: number;
}
