import { type CountArguments, type CountOption, readCounts } from '../arguments.ts';

const options = {
  seconds: { default: 10, max: 600 },
  'calls-per-second': { default: 4_000, max: 15_000 },
  dialogs: { default: 20_000, max: 100_000 },
  'settle-s': { default: 33, max: 600 },
} satisfies Readonly<Record<string, CountOption>>;

export type Counts = Readonly<Record<keyof typeof options, number>>;

/** The command line, read. */
export type Arguments = CountArguments<keyof typeof options>;

export const usage: string = `Usage: npm run bench -- peers [options]      (or: sipmend-bench peers [options])

Makes the same calls, each INVITE, 200, ACK, BYE, 200, over UDP with our stack and with others, one after the other: SIPp with
itself and with us, then a raw far end with us, with the npm package sip, and with Kamailio as a proxy that knows dialogs. Tells
what the operating system says of their CPU and memory. What is not installed is left out, and said to be.

  --calls-per-second N    1 to ${options['calls-per-second'].max} (default: ${options['calls-per-second'].default}); a quarter of it is tried as well
  --seconds N             of each run (default: ${options.seconds.default})
  --dialogs N             held open, and as many again, to see what one takes (default: ${options.dialogs.default})
  --settle-s N            wait before memory is looked at, for transactions to end (default: ${options['settle-s'].default})
  --json FILE             writes the results to FILE
  --help                  shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readCounts(args, options);
}
