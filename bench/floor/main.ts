import { begin } from '../begin.ts';
import { writeReport } from '../report.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { type Floor, floorOf } from './ping-pong.ts';

/** Measures what two processes reach that only answer each other. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('floor', usage, readArguments(args), measure);
}

async function measure({ counts, json }: RunArguments): Promise<number> {
  const { size, sockets, window } = counts;
  const measured: Partial<Record<'udp' | 'tcp', Floor>> = {};
  for (const transport of ['udp', 'tcp'] as const) {
    const floor = await floorOf({
      transport,
      requestSize: size,
      responseSize: size,
      sockets,
      window,
      roundTrips: counts['round-trips'],
    });
    measured[transport] = floor;
    console.log(lineOf(transport, floor));
  }
  if (json !== undefined) writeReport(json, { scenario: 'floor', parameters: counts, results: measured });
  return 0;
}

function lineOf(transport: string, { roundTripsPerSecond, cpuPerRoundTripUs, repeated }: Floor): string {
  const rate = Math.round(roundTripsPerSecond).toLocaleString('en-US');
  const lost = repeated === 0 ? '' : `, ${repeated} datagrams sent again`;
  return `  ${transport}  ${rate.padStart(10)} round trips/s, ${cpuPerRoundTripUs.toFixed(2)} µs of CPU each${lost}`;
}
