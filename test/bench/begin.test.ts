import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCounts } from '../../bench/arguments.ts';
import { begin } from '../../bench/begin.ts';
import { usage } from '../../bench/parse/main.ts';

const test = suite('Beginning of a bench');

/** What was said to the user, and how often the bench ran. */
async function begun(args: readonly string[]): Promise<{ code: number; said: string; runs: number }> {
  const { log, error } = console;
  let said = '';
  let runs = 0;
  console.log = console.error = (text: string) => {
    said += text;
  };
  try {
    const code = await begin('parse', usage, readCounts(args, {}), async () => {
      runs++;
      return 0;
    });
    return { code, said, runs };
  } finally {
    Object.assign(console, { log, error });
  }
}

test('runs when nothing is wrong', async () => {
  assert.equal(await begun([]), { code: 0, said: '', runs: 1 });
});

test('shows its options when it is asked for help', async () => {
  assert.equal(await begun(['--help']), { code: 0, said: usage, runs: 0 });
});

test('does no work for a command line that is wrong', async () => {
  const { code, said, runs } = await begun(['--colour']);
  assert.equal({ code, runs }, { code: 2, runs: 0 });
  assert.match(said, /^parse: .*--colour/);
});

test('does no work for a report that cannot be written', async () => {
  const { code, said, runs } = await begun(['--json', join(import.meta.dirname, 'no-folder', 'report.json')]);
  assert.equal({ code, runs }, { code: 2, runs: 0 });
  assert.match(said, 'cannot be written');
});

test.run();
