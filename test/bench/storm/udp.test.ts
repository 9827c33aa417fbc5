import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { windows } from '../../../bench/storm/scenario.ts';
import { storms } from './storms.ts';

const test = suite('Storms over UDP');

test('a dead hop is noticed, and its dialogs heal by the other one', async () => {
  const { results, page } = await storms('udp', 'dead-hop');
  assert.ok((results.detectMs ?? -1) >= 0 && (results.stormMs ?? -1) >= 0);
  assert.match(page, 'The storm over time');
});

test('a silent hop is noticed', async () => {
  const { results } = await storms('udp', 'silent-hop');
  assert.ok((results.detectMs ?? 0) > 500);
});

test('what a hop has lost is healed without the program hearing of it', async () => {
  const { results } = await storms('udp', 'lost-state');
  assert.is(results.detectMs, null);
});

test('in an outage nearly nothing is sent, and then all heal', async () => {
  const { results } = await storms('udp', 'outage');
  // One window of heals may leave before it is known that the second hop is dead as well; then only probes do.
  assert.ok(results.outage !== undefined && results.outage.messages <= windows.udp + 20);
});

test('the far end heals what is left to it', async () => {
  const { results } = await storms('udp', 'far-end');
  assert.ok(results.requestSize > 0 && results.responseSize > 0);
});

test.run();
