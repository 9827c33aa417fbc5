import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { floorOf } from '../../../bench/floor/ping-pong.ts';

const test = suite('Ping-pong of two processes');

for (const transport of ['udp', 'tcp'] as const) {
  for (const [requestSize, responseSize] of [
    [447, 391],
    [391, 447],
  ] as const) {
    test(`${transport}: ${requestSize} octets are answered by ${responseSize}, over several sockets`, async () => {
      const pingPong = { transport, requestSize, responseSize, sockets: 3, window: 7, roundTrips: 1000 };
      const { roundTripsPerSecond, cpuPerRoundTripUs } = await floorOf(pingPong, 2);
      assert.ok(roundTripsPerSecond > 0 && cpuPerRoundTripUs > 0);
    });
  }
}

test('without a ping-pong there is no floor', async () => {
  const pingPong = { transport: 'udp', requestSize: 1, responseSize: 1, sockets: 1, window: 1, roundTrips: 1 } as const;
  try {
    await floorOf(pingPong, 0);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'one ping-pong at least');
  }
});

test.run();
