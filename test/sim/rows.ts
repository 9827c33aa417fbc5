import { recoveryRows } from './recovery/rows.ts';
import { transactionRows } from './transaction-rows.ts';

/** Every row of the tables that a run of the simulator has to take, before any is. */
export const allRows: readonly string[] = [...transactionRows, ...recoveryRows];
