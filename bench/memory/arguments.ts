import { oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import { type TransportKind, transports } from '../route-death/network.ts';

/** Dialogs that are set up and then left alone. */
export interface Scenario {
  readonly dialogs: number;
  readonly transport: TransportKind;
  readonly shards: number;
  /** Between the last call and the last look: finished transactions of calls are kept for 32 s. */
  readonly settleS: number;
}

export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
  readonly html: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

const dialogsMax = 4_000_000;

export const usage: string = `Usage: npm run bench -- memory [options]      (or: sipmend-bench memory [options])

Sets up calls, a tenth of them at a time, and looks at the stack's process from outside: what a dialog takes while calls come in, and what
it takes at rest, when their transactions have ended. Ends with 1 if a call could not be set up.

  --dialogs N       calls to set up, 1 to ${dialogsMax} (default: 100000)
  --transport KIND  udp (default), or tcp
  --shards N        threads of the stack's shards (default: 0, none of their own)
  --settle-s S      wait for transactions to end (default: 33)
  --json FILE       writes the results to FILE
  --html FILE       writes them as a page with charts to FILE
  --help            shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readOptions(
    args,
    {
      dialogs: { ...text, default: '100000' },
      transport: { ...text, default: 'udp' },
      shards: { ...text, default: '0' },
      'settle-s': { ...text, default: '33' },
      json: text,
      html: text,
    },
    (values) => {
      const scenario = {
        dialogs: wholeOf('--dialogs', values.dialogs, 1, dialogsMax),
        transport: oneOf<TransportKind>('--transport', values.transport, transports),
        shards: wholeOf('--shards', values.shards, 0, 32),
        settleS: wholeOf('--settle-s', values['settle-s'], 0, 3600),
      };
      return { kind: 'run', scenario, json: values.json, html: values.html };
    },
  );
}
