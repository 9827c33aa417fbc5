import { parseArgs } from 'node:util';
import { wholeOf } from '../arguments.ts';
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
export type Arguments = RunArguments | { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string };

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
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dialogs: { type: 'string', default: '100000' },
        transport: { type: 'string', default: 'udp' },
        shards: { type: 'string', default: '0' },
        'settle-s': { type: 'string', default: '33' },
        json: { type: 'string' },
        html: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const transport = transports.find((name) => name === values.transport);
    if (transport === undefined) throw new Error(`--transport is one of ${transports.join(', ')}.`);
    const scenario = {
      dialogs: wholeOf('--dialogs', values.dialogs, 1, dialogsMax),
      transport,
      shards: wholeOf('--shards', values.shards, 0, 32),
      settleS: wholeOf('--settle-s', values['settle-s'], 0, 3600),
    };
    return { kind: 'run', scenario, json: values.json, html: values.html };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
