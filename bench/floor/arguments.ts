import { type CountOption, readCounts, type Unfollowed } from '../arguments.ts';

const options = {
  size: { default: 450, max: 65_507 },
  sockets: { default: 1, max: 64 },
  window: { default: 64, max: 4096 },
  'round-trips': { default: 200_000, max: 100_000_000 },
} satisfies Readonly<Record<string, CountOption>>;

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly counts: Readonly<Record<keyof typeof options, number>>;
  readonly json: string | undefined;
}

export type Arguments = RunArguments | Unfollowed;

export const usage: string = `Usage: npm run bench -- floor [options]      (or: sipmend-bench floor [options])

Plays ping-pong between two processes, by datagrams and by connections: what a machine gives to whoever waits for answers,
and does nothing else. The best of three is told.

  --size N           octets of each message, both ways (default: ${options.size.default})
  --sockets N        sockets of each side (default: ${options.sockets.default})
  --window N         messages under way at once (default: ${options.window.default})
  --round-trips N    of each ping-pong (default: ${options['round-trips'].default})
  --json FILE        writes the results to FILE
  --help             shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  const asked = readCounts(args, options);
  if (asked.kind === 'run' && asked.counts.sockets > asked.counts.window) {
    return { kind: 'wrong', message: '--sockets is at most --window: the others would have nothing to send.' };
  }
  return asked;
}
