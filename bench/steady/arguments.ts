import { numberOf, oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import type { Scenario } from './scenario.ts';

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

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
  return readOptions(
    args,
    {
      dialogs: { ...text, default: '100000' },
      minutes: { ...text, default: '10' },
      transport: { ...text, default: 'udp' },
      json: text,
    },
    (values) => {
      const dialogs = wholeOf('--dialogs', values.dialogs, 2, dialogsMax);
      const minutes = numberOf('--minutes', values.minutes, 0.01, 14);
      const transport = oneOf<'udp'>('--transport', values.transport, ['udp']);
      return { kind: 'run', scenario: { dialogs, minutes, transport }, json: values.json };
    },
  );
}
