import { accepted2xx } from '../../core/transaction/accepted-2xx.ts';
import { inviteClient } from '../../core/transaction/invite-client.ts';
import { inviteServer } from '../../core/transaction/invite-server.ts';
import { nonInviteClient } from '../../core/transaction/non-invite-client.ts';
import { nonInviteServer } from '../../core/transaction/non-invite-server.ts';

/** A table as far as it matters here. */
interface Table {
  readonly states: Readonly<Record<string, { readonly on: Readonly<Record<string, Rule>> }>>;
  readonly timers: Readonly<Record<string, unknown>>;
}

interface Rule {
  act?: ArrayLike<string>;
}

/** The tables of the transaction layer, by the names that their rows begin with. */
export const transactionTables: Readonly<Record<string, Table>> = {
  'INVITE client': inviteClient as Table,
  'INVITE server': inviteServer as Table,
  'non-INVITE client': nonInviteClient as Table,
  'non-INVITE server': nonInviteServer as Table,
  '2xx to INVITE': accepted2xx as Table,
};

/** Each row once: its name, and the rule that a machine follows. */
const rules = new Map(
  Object.entries(transactionTables).flatMap(([table, { states, timers }]) =>
    Object.entries(states).flatMap(([state, { on }]) =>
      Object.entries(on).map(
        ([happening, rule]) =>
          [`${table}: ${state}, ${happening in timers ? `timer ${happening}` : happening}`, rule] as const,
      ),
    ),
  ),
);

/** Every row of the transaction tables. */
export const transactionRows: readonly string[] = [...rules.keys()];

let listener: ((row: string) => void) | undefined;
let isTapped = false;

/**
 * Hears of each row that any machine of this process follows, from now on; undefined to hear no more. Machines that were made before the
 * first call are not heard. A machine reads what a rule does once each time that it follows the rule: the first action, or that there is none.
 */
export function tapTransactionRows(take: ((row: string) => void) | undefined): void {
  listener = take;
  if (isTapped) return;
  isTapped = true;
  for (const [row, rule] of rules) rule.act = heard(rule.act ?? [], () => listener?.(row));
}

function heard(actions: ArrayLike<string>, hear: () => void): ArrayLike<string> {
  const { length, 0: first } = actions;
  const read = length === 0 ? 'length' : 0;
  const value = length === 0 ? 0 : first;
  return Object.defineProperty({ ...actions, length }, read, {
    get: () => {
      hear();
      return value;
    },
  });
}
