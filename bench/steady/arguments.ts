import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string };

const dialogsMax = 1_000_000;

export const usage: string = `Usage: npm run bench -- steady [options]      (or: sipmend-bench steady [options])

Holds many dialogs with Session-Expires 1800, whose refreshes are spread evenly, half by us and half by the peer, and looks what
that takes beside an empty stack, and how late refreshes come. The dialogs are adopted, not called; the peer is one process
that only answers and refreshes. Ends with 1 if a dialog ended, or a refresh was refused or did not come.

  --dialogs N       2 to ${dialogsMax} (default: 100000)
  --minutes N       how long it is looked at (default: 10; parts of one are taken), 14 at most
  --transport KIND  udp
  --json FILE       writes the results to FILE
  --help            shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        dialogs: { ...text, default: '100000' },
        minutes: { ...text, default: '10' },
        transport: { ...text, default: 'udp' },
        json: text,
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const dialogs = Number(values.dialogs);
    if (!(Number.isInteger(dialogs) && dialogs >= 2 && dialogs <= dialogsMax))
      throw new Error(`--dialogs is a whole number from 2 to ${dialogsMax}, not '${values.dialogs}'.`);
    const minutes = Number(values.minutes);
    if (!(minutes >= 0.01 && minutes <= 14))
      throw new Error(`--minutes is a number from 0.01 to 14, not '${values.minutes}'.`);
    if (values.transport !== 'udp') throw new Error(`--transport is udp, not '${values.transport}'.`);
    return { kind: 'run', scenario: { dialogs, minutes, transport: 'udp' }, json: values.json };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
