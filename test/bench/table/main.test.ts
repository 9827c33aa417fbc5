import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Laps } from '../../../bench/stopwatch.ts';
import { run, usage } from '../../../bench/table/main.ts';
import { MapDialogs } from '../../../bench/table/map-dialogs.ts';
import { FinishedTransactions } from '../../../bench/table/server-transactions.ts';
import { TableDialogs } from '../../../bench/table/table-dialogs.ts';
import { Texts } from '../../../bench/table/texts.ts';
import { reportOf } from '../report.ts';

const test = suite('Bench of the dialog table');

test('measures the table, a Map and finished transactions, and writes what machines read', async () => {
  const { exitCode, report } = await reportOf(run, ['--dialogs', '400', '--transactions', '100']);
  assert.is(exitCode, 0);
  assert.is(report.scenario, 'table');
  assert.equal(report.parameters, { dialogs: 400, transactions: 100 });
  const { rows, goals, wrong } = report.results;
  assert.is(wrong, 0);
  assert.equal(
    rows.map(({ name, operation }) => `${operation}: ${name}`),
    [
      ...['create', 'find', 'change', 'walk', 'free'].flatMap((operation) => [
        `${operation} a dialog: sipmend`,
        `${operation} a dialog: Map`,
      ]),
      'server transaction, of a call: sipmend',
      'server transaction, of an INFO: sipmend',
    ],
  );
  for (const { perSecond, ratioToOurs } of rows) assert.ok(perSecond > 0 && ratioToOurs > 0);
  const dialog = goals.find(({ name }) => name === 'memory of a dialog, counted');
  assert.ok(dialog !== undefined && dialog.value > 500 && dialog.value <= 900, String(dialog?.value));
});

for (const [name, make] of [
  ['the table', (count: number) => new TableDialogs(count)],
  ['a Map', (count: number) => new MapDialogs(count)],
] as const) {
  test(`${name} finds every dialog, and what is not there is told`, () => {
    const dialogs = make(100);
    const laps = new Laps();
    assert.is(dialogs.find(laps), 100);
    dialogs.create(laps);
    assert.equal([dialogs.count, dialogs.walk(), dialogs.find(laps), dialogs.change(laps)], [100, 100, 0, 0]);
    assert.is(dialogs.find(laps), 0, 'after the change, too');
    dialogs.free(laps);
    assert.equal([dialogs.count, dialogs.size, dialogs.walk(), dialogs.change(laps)], [0, 0, 0, 100]);
  });
}

for (const traffic of ['calls', 'requests'] as const) {
  test(`transactions of ${traffic} absorb what comes again, and end`, () => {
    const transactions = new FinishedTransactions(100, traffic);
    assert.is(transactions.finish(new Laps()), 0);
    assert.is(transactions.count, 100);
    assert.is(transactions.repeat(50), 0);
    assert.is(transactions.repeat(101) > 0, true, 'a request that was never sent is new');
    transactions.end();
    assert.is(transactions.count, 0);
  });
}

test('URIs have 60 to 100 octets, and tags 128 bits', () => {
  const { bytes, parts } = new Texts();
  const text = ({ start, end }: { readonly start: number; readonly end: number }): string =>
    new TextDecoder().decode(bytes.subarray(start, end));
  const uris = [parts.target, parts.routes, parts.localParty, parts.remoteParty, parts.contact]
    .flatMap((slice) => text(slice).split(', '))
    .map((value) => value.replace(/^<|>$/g, ''));
  assert.is(uris.length, 6);
  for (const uri of uris) assert.ok(uri.length >= 60 && uri.length <= 100, uri);
  for (const tag of [parts.localTag, parts.remoteTag]) assert.is(text(tag).length, 128 / 4);
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--transactions', 'many']), 2);
  assert.is(await run(['--timers', '5']), 2);
  assert.is(await run(['--json', '/nowhere/at/all.json']), 2);
  assert.is(await run(['--help']), 0);
  for (const option of ['--dialogs', '--transactions', '--json', '--help']) assert.match(usage, option);
});

test.run();
