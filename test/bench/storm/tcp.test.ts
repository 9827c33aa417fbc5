import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storms } from './storms.ts';

const test = suite('Storms over TCP');

for (const fault of ['dead-hop', 'silent-hop', 'lost-state', 'far-end', 'flow-lost'] as const) {
  test(`${fault}: every dialog is healed and verified`, async () => {
    await storms('tcp', fault);
  });
}

test('in an outage connections are tried for, and then all heal', async () => {
  const { results } = await storms('tcp', 'outage');
  assert.ok(results.outage !== undefined && results.outage.connects > 0);
});

test.run();
