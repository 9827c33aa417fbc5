import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { trafficSince } from '../../../bench/route-death/traffic.ts';

const test = suite('Traffic that an end of the main job sends');

test('the traffic of several ends adds up', () => {
  const since = trafficSince(
    [
      { messages: 1, connects: 2 },
      { messages: 10, connects: 20 },
    ],
    [
      { messages: 4, connects: 2 },
      { messages: 11, connects: 25 },
    ],
  );
  assert.equal(since, { messages: 4, connects: 5 });
});

test.run();
