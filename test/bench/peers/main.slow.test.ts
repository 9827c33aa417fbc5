import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/peers/main.ts';
import type { Held, Row } from '../../../bench/peers/row.ts';
import { needs } from '../../skip.ts';

const test = suite('Bench of peers');

needs(
  test,
  'sipp',
  'kamailio',
)('each of them ends its calls, which is written down', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-peers-'));
  try {
    const json = join(folder, 'peers.json');
    const small = ['--seconds', '1', '--calls-per-second', '40', '--dialogs', '20', '--settle-s', '1'];
    assert.is(await run([...small, '--json', json]), 0);
    const { results } = JSON.parse(readFileSync(json, 'utf8'));
    const rows: readonly Row[] = results.rows;
    assert.equal([...new Set(rows.map(({ who }) => who))], ['SIPp', 'sipmend', 'npm sip', 'Kamailio']);
    assert.equal(new Set(rows.map(({ failed }) => failed)), new Set([0]));
    assert.equal(
      results.held.map(({ who }: Held) => who),
      ['sipmend', 'Kamailio'],
    );
    assert.equal(results.absent, {});
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
