import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needs } from '../skip.ts';
import { isWhole, runJob } from './job.ts';

const test = suite('The main job: both edges die, or the far end is the one to heal');

const dialogs = 300;

test('outage: every dialog is healed when the edges are back, and meanwhile both ends are quiet', async () => {
  const ending = await runJob('--dialogs', String(dialogs), '--fault', 'outage');
  isWhole(ending, dialogs);
  const { outage } = ending.json?.results ?? {};
  assert.ok(outage !== undefined && outage.ms >= 5000 && outage.messages > 0, ending.output);
  assert.ok(outage.perSecond < 50, ending.output);
  assert.match(ending.output, /sent while down +\d+ messages/);
});

needs(test, 'sipp')('outage: the same with SIPp as the far end', async () => {
  isWhole(await runJob('--dialogs', String(dialogs), '--fault', 'outage', '--far-end', 'sipp'), dialogs);
});

test('far-end: the caller leaves it to the far end, which heals every dialog', async () => {
  isWhole(await runJob('--dialogs', String(dialogs), '--fault', 'far-end'), dialogs);
});

test('far-end needs a far end that heals', async () => {
  const { code, output } = await runJob('--fault', 'far-end', '--far-end', 'sipp');
  assert.is(code, 2);
  assert.match(output, 'SIPp cannot');
});

test.run();
