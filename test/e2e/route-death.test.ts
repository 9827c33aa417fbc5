import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needs } from '../skip.ts';
import { isWhole, runJob } from './job.ts';

const test = suite('The main job: a route dies');

const dialogs = 300;

/** What may become of edge A. */
const faults = ['dead-hop', 'silent-hop', 'lost-state'];

for (const fault of faults) {
  test(`${fault}: every dialog is healed, and carries an INFO each way`, async () => {
    isWhole(await runJob('--dialogs', String(dialogs), '--fault', fault), dialogs);
  });
}

for (const fault of faults) {
  needs(test, 'sipp')(`${fault}: the same with SIPp as the far end`, async () => {
    isWhole(await runJob('--dialogs', String(dialogs), '--fault', fault, '--far-end', 'sipp'), dialogs);
  });
}

test('with recovery switched off every dialog is lost, and the exit code says so', async () => {
  const { code, output, json } = await runJob('--dialogs', String(dialogs), '--mode', 'none');
  assert.ok(json, output);
  const { established, healed, lost, verified, detectMs } = json.results;
  assert.equal(
    { established, healed, lost, verified, detectMs },
    { established: dialogs, healed: 0, lost: dialogs, verified: 0, detectMs: null },
    output,
  );
  assert.is(code, 1, output);
});

test('what it writes for machines says what was run, on what, and how it went', async () => {
  const { json, output } = await runJob('--dialogs', '3');
  assert.ok(json, output);
  assert.is(json.scenario, 'route-death');
  assert.equal(json.parameters, {
    dialogs: 3,
    transport: 'udp',
    fault: 'dead-hop',
    farEnd: 'sipmend',
    mode: 'maximum',
  });
  for (const name of ['cpu', 'cores', 'memoryBytes', 'node', 'os']) assert.ok(json.machine[name], name);
  const { detectMs, stormMs, healMs } = json.results;
  for (const ms of [stormMs, ...Object.values(healMs)]) assert.type(ms, 'number');
  // Of so few dialogs the far end may have healed each before the caller noticed.
  if (detectMs !== null) assert.type(detectMs, 'number');
});

test('a wrong option is explained, and nothing is run', async () => {
  const { code, output } = await runJob('--fault', 'earthquake');
  assert.is(code, 2);
  assert.match(
    output,
    "--fault is one of dead-hop, silent-hop, lost-state, outage, far-end, flow-lost, not 'earthquake'.",
  );
  assert.is((await runJob('--dialogs', '0')).code, 2);
  assert.is((await runJob('--colour', 'red')).code, 2);
});

test.run();
