import { oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import { type TransportKind, transports } from '../route-death/network.ts';
import { type Role, roles } from './messages.ts';

/** What a run is to show. */
export interface Scenario {
  readonly as: Role;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly transport: TransportKind;
  readonly shards: number;
}

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
  readonly html: string | undefined;
  /** File for a CPU profile. */
  readonly profile: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

/** Two transactions a call stay for 32 s on each side, and a stack has room for a million. */
const callsPerSecondMax = 15_000;
const secondsMax = 3_600;

export const usage: string = `Usage: npm run bench -- calls [options]      (or: sipmend-bench calls [options])

Makes calls at a constant rate, each INVITE, 200, ACK, BYE, 200, between our stack and a raw far end that does as little as it
can. Each has a process of its own. Ends with 1 if a call fails.

  --as ROLE               uac (default): our stack calls
                          uas: it is called
  --calls-per-second N    1 to ${callsPerSecondMax} (default: 4000)
  --seconds N             how long calls are begun, after a warm-up (default: 60)
  --transport KIND        udp (default), or tcp
  --shards N              threads of the stack's shards (default: 0, none of their own)
  --json FILE             writes the results to FILE
  --html FILE             writes them as a page with charts to FILE
  --profile FILE          writes a CPU profile of the stack's thread to FILE; it costs time
  --help                  shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readOptions(
    args,
    {
      as: { ...text, default: 'uac' },
      'calls-per-second': { ...text, default: '4000' },
      seconds: { ...text, default: '60' },
      transport: { ...text, default: 'udp' },
      shards: { ...text, default: '0' },
      json: text,
      html: text,
      profile: text,
    },
    (values) => {
      const scenario: Scenario = {
        as: oneOf<Role>('--as', values.as, roles),
        callsPerSecond: wholeOf('--calls-per-second', values['calls-per-second'], 1, callsPerSecondMax),
        seconds: wholeOf('--seconds', values.seconds, 1, secondsMax),
        transport: oneOf<TransportKind>('--transport', values.transport, transports),
        shards: wholeOf('--shards', values.shards, 0, 32),
      };
      return { kind: 'run', scenario, json: values.json, html: values.html, profile: values.profile };
    },
  );
}
