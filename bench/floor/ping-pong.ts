import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatagramPinger } from './datagram-pinger.ts';
import type { PingPong } from './pinger.ts';
import { StreamPinger } from './stream-pinger.ts';

/** How fast two processes do it that do nothing else. */
export interface Floor {
  readonly roundTripsPerSecond: number;
  /** The pinger's, user and system, as the operating system accounts for it. */
  readonly cpuPerRoundTripUs: number;
  /** Datagrams that were sent again because nothing came back. */
  readonly repeated: number;
}

/** First argument of the echo's process, as JSON. */
export type EchoSettings = Pick<PingPong, 'transport' | 'requestSize' | 'responseSize' | 'sockets'>;

/** Of the round trips asked for, this part goes ahead unmeasured: sockets and compiled code are new. */
const warmUpShare = 0.1;

/** The best of so many ping-pongs of this process with an echo of its own: the machine has other work, and the best has least of it. */
export async function floorOf(pingPong: PingPong, times = 3): Promise<Floor> {
  let best: Floor | undefined;
  for (let time = 0; time < times; time++) {
    const floor = await play(pingPong);
    if (best === undefined || floor.roundTripsPerSecond > best.roundTripsPerSecond) best = floor;
  }
  if (best === undefined) throw new Error('a floor needs one ping-pong at least');
  return best;
}

async function play(pingPong: PingPong): Promise<Floor> {
  const { transport, requestSize, responseSize, sockets, roundTrips } = pingPong;
  const settings: EchoSettings = { transport, requestSize, responseSize, sockets };
  const echo = fork(join(import.meta.dirname, 'echo.js'), [JSON.stringify(settings)]);
  const exited = once(echo, 'exit');
  try {
    const ended = exited.then(([code, signal]) => {
      throw new Error(`the echo ended early (${signal ?? code})`);
    });
    const [ports] = (await Promise.race([once(echo, 'message'), ended])) as [readonly number[]];
    const pinger =
      transport === 'udp' ? await DatagramPinger.open(ports, pingPong) : await StreamPinger.open(ports, pingPong);
    try {
      await Promise.race([pinger.run(Math.max(1, Math.round(roundTrips * warmUpShare))), ended]);
      const cpu = process.cpuUsage();
      const startMs = performance.now();
      await Promise.race([pinger.run(roundTrips), ended]);
      const ms = performance.now() - startMs;
      const { user, system } = process.cpuUsage(cpu);
      return {
        roundTripsPerSecond: (1000 * roundTrips) / ms,
        cpuPerRoundTripUs: (user + system) / roundTrips,
        repeated: pinger.repeated,
      };
    } finally {
      pinger.close();
    }
  } finally {
    echo.kill('SIGKILL');
    await exited;
  }
}
