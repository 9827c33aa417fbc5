import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isWhole, runJob } from './job.ts';

const test = suite('The main job over TCP');

const dialogs = 300;

for (const fault of ['dead-hop', 'silent-hop', 'lost-state', 'far-end', 'flow-lost']) {
  test(`${fault}: every dialog is healed, and carries an INFO each way`, async () => {
    isWhole(await runJob('--dialogs', String(dialogs), '--transport', 'tcp', '--fault', fault), dialogs);
  });
}

test('outage: every dialog is healed when the edges are back, and meanwhile few connections are tried', async () => {
  const ending = await runJob('--dialogs', String(dialogs), '--transport', 'tcp', '--fault', 'outage');
  isWhole(ending, dialogs);
  const { outage } = ending.json?.results ?? {};
  assert.ok(outage !== undefined && outage.connects > 0 && outage.perSecond < 50, ending.output);
});

test('connections are no matter of UDP, and SIPp answers over UDP alone', async () => {
  assert.is((await runJob('--fault', 'flow-lost')).code, 2);
  assert.is((await runJob('--transport', 'tcp', '--far-end', 'sipp')).code, 2);
});

test.run();
