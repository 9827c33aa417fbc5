import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { inviteClient } from '../../core/transaction/invite-client.ts';
import { Machine } from '../../core/transaction/machine.ts';
import { Runs } from '../../core/transaction/runs.ts';
import { planOf } from './plan-of.ts';
import { allRows } from './rows.ts';
import { playPlan } from './run.ts';
import { tapTransactionRows, transactionRows, transactionTables } from './transaction-rows.ts';

const test = suite('Rows of the tables');

interface Table {
  readonly initial: string;
  readonly states: Readonly<Record<string, { readonly on: object }>>;
}

const folder = join(import.meta.dirname, '../../core/transaction');

/** Whatever the transaction layer has of tables, found without a list. */
async function tables(): Promise<Table[]> {
  const modules = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const exported = await Promise.all(modules.map((file) => import(join(folder, file))));
  return exported.flatMap((each) => Object.values(each as object).filter(isTable));
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && 'initial' in value && 'states' in value;
}

test('each table of the transaction layer is counted, and each of its rules is a row', async () => {
  const found = await tables();
  assert.is(found.length, Object.keys(transactionTables).length);
  for (const table of found) assert.ok(Object.values(transactionTables).some(({ states }) => states === table.states));
  const rules = found.flatMap(({ states }) => Object.values(states).flatMap(({ on }) => Object.keys(on)));
  assert.is(transactionRows.length, rules.length);
});

test('each row has a name of its own', () => assert.is(new Set(allRows).size, allRows.length));

test('a transaction takes a row with each event that it does not ignore, and with each timer', () => {
  const rows: string[] = [];
  tapTransactionRows((row) => rows.push(row.replace('INVITE client: ', '')));
  const wheel = new Wheel({ nowMs: 0 });
  const runs = new Runs();
  runs.resize(2);
  const acts: string[] = [];
  const host = { act: (_index: number, action: string) => acts.push(action), end: () => acts.push('end') };
  const machine = new Machine(inviteClient, { runs, wheel, sip: sipTimers(), host });
  machine.begin(1, false);
  wheel.advance(600);
  for (const event of ['1xx', '3xx-6xx', '3xx-6xx', '2xx'] as const) machine.handle(1, event);
  wheel.advance(60_000);
  tapTransactionRows(undefined);
  machine.begin(1, false);
  machine.handle(1, '1xx');
  assert.equal(rows, [
    'calling, timer A',
    'calling, 1xx',
    'proceeding, 3xx-6xx',
    'completed, 3xx-6xx',
    'completed, timer D',
  ]);
  assert.equal(acts.join(), 'send-request,tell-response,send-ack,tell-response,send-ack,end,tell-response');
});

test('what a run takes is counted, and what it does not take is counted as 0', async () => {
  const { tally } = await playPlan({ ...planOf(1, { minutes: 2, calls: 3 }), faults: [] });
  assert.equal(Object.keys(tally.rows), [...allRows]);
  const answered = tally.rows['INVITE client: calling, 1xx'] ?? 0;
  const confirmed = tally.rows['2xx to INVITE: waiting, ACK'] ?? 0;
  assert.ok(answered + confirmed > 0);
  assert.is(tally.rows['answer to a heal: 604'], 0);
});

test.run();
