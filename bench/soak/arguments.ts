import { numberOf, oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import { type TransportKind, transports } from '../route-death/network.ts';
import type { Scenario } from './scenario.ts';

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly svg: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

const dialogsMax = 200_000;

export const usage: string = `Usage: npm run bench -- soak [options]      (or: sipmend-bench soak [options])

Has calls come and go between two stacks by two edges, each a process of its own, on real sockets, while the edges die, fall silent,
forget and are cut off, one after the other. After each break every dialog that it hit is to heal. At the end nothing may be lost,
ended by nobody, known to one end alone, or have grown. Ctrl-C ends it, and tells what there was until then.

First all ages, for a quarter of the time and 5 minutes at most: edges break without a pause, until memory has found its high-water marks. Only then
the clock starts, and samples and breaks count. Whatever is lost, ended, left at one end or not healed counts from the first call on.

  --minutes N              how long (default: 20; parts of one are taken), ageing not included. Growth is judged from 10 minutes on; in less
                           only when memory has grown by 2 % meanwhile
  --dialogs N              calls that are up at a time, 1 to ${dialogsMax} (default: 20000)
  --calls-per-second N     calls that begin, and end, in a second (default: 100)
  --breaks N               breaks, spread over the time by chance from the seed (default: 60)
  --shards N               threads of the stack's shards (default: 2)
  --transport KIND         udp (default), or tcp
  --seed N                 of breaks and lifetimes (default: 1)
  --leak-bytes-per-call N  plants a leak in the program beside the stack, to see that it is found (default: 0)
  --json FILE              writes the results to FILE
  --html FILE              writes them as a page with charts to FILE
  --svg FILE               writes memory, dialogs and heal times as a picture to FILE
  --help                   shows this

Exit code: 0 all is well; 1 the run could not be played; 2 the command line is wrong; 130 interrupted; else the gravest fault:
  3 lost       a dialog that nobody ended does not answer an INFO
  4 ended      a dialog ended, and nobody had asked for it
  5 ghost      one end has a dialog, the other has not
  6 unhealed   a dialog was not healed within a minute after a break
  7 leak       resident memory is not steady: the 95 % interval of its slope does not hold 0, or it would change by 2 % in an hour; or heaps
               and tables alone would have it grow by as much
  8 small      a break hit less than a fifth of the dialogs`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readOptions(
    args,
    {
      minutes: { ...text, default: '20' },
      dialogs: { ...text, default: '20000' },
      'calls-per-second': { ...text, default: '100' },
      breaks: { ...text, default: '60' },
      shards: { ...text, default: '2' },
      transport: { ...text, default: 'udp' },
      seed: { ...text, default: '1' },
      'leak-bytes-per-call': { ...text, default: '0' },
      json: text,
      html: text,
      svg: text,
    },
    (values) => {
      const scenario: Scenario = {
        minutes: numberOf('--minutes', values.minutes, 0.01, 10_000),
        dialogs: wholeOf('--dialogs', values.dialogs, 1, dialogsMax),
        callsPerSecond: wholeOf('--calls-per-second', values['calls-per-second'], 1, 2_000),
        breaks: wholeOf('--breaks', values.breaks, 0, 10_000),
        shards: wholeOf('--shards', values.shards, 0, 32),
        transport: oneOf<TransportKind>('--transport', values.transport, transports),
        seed: wholeOf('--seed', values.seed, 0, 2 ** 32 - 1),
        leakBytesPerCall: wholeOf('--leak-bytes-per-call', values['leak-bytes-per-call'], 0, 1_000_000),
      };
      return { kind: 'run', scenario, json: values.json, html: values.html, svg: values.svg };
    },
  );
}
