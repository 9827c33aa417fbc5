import { oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import { type TransportKind, transports } from '../route-death/network.ts';
import { type Fault, faults, type Scenario } from './scenario.ts';
import { faultOfSpread } from './shards.ts';

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
  readonly html: string | undefined;
  /** Folder for CPU profiles. */
  readonly profile: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

const dialogsMax = 4_000_000;

export const usage: string = `Usage: npm run bench -- storm [options]      (or: sipmend-bench storm [options])

Sets up calls by one of two hops, breaks the route of all of them at once, times their healing by the other hop, and proves
by an INFO on each that it works; then again the other way, and so on. Hops and far end are one process that does nothing
but answer; the stack has a process of its own. What healing takes is held against a floor: a ping-pong of as many messages
of the same sizes, in the same run. Ends with 1 if any dialog is lost or not verified.

  --dialogs N         calls to set up, 1 to ${dialogsMax} (default: 100000)
  --transport KIND    udp (default), or tcp
  --fault FAULT       dead-hop    the hop's sockets are closed (default)
                      silent-hop  the hop takes everything and answers nothing
                      lost-state  the hop forgets all it knows; then an INFO on each dialog must succeed
                                  without the program hearing of the break
                      outage      both hops are closed, and open again later, empty; what is sent meanwhile is counted
                      far-end     the hop refuses an INFO on each dialog with 430 Wait-For-Session-Update, and the far
                                  end heals by the other hop
                      flow-lost   the hop's connections are reset (with --transport tcp)
  --rounds N          storms, one after the other; the median counts (default: 5)
  --outage-s S        how long an outage lasts (default: 30)
  --settle-s S        wait between set-up and the first round, for transactions to end (default: 33)
  --shards N          threads of the stack's shards (default: 0, none of their own)
  --per-shard-ports   each shard has a port of its own
  --kill-shard N      in the middle of one storm the thread of this shard is killed: the others' dialogs are to heal all
                      the same, and it is to serve new calls again within a second
  --json FILE         writes the results to FILE
  --html FILE         writes them as a page with charts to FILE
  --profile FOLDER    writes a CPU profile of each thread of the stack in each storm to FOLDER; it costs time
  --help              shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readOptions(
    args,
    {
      dialogs: { ...text, default: '100000' },
      transport: { ...text, default: 'udp' },
      fault: { ...text, default: 'dead-hop' },
      rounds: { ...text, default: '5' },
      'outage-s': { ...text, default: '30' },
      'settle-s': { ...text, default: '33' },
      shards: { ...text, default: '0' },
      'per-shard-ports': { type: 'boolean', default: false },
      'kill-shard': text,
      json: text,
      html: text,
      profile: text,
    },
    (values) => {
      const scenario: Scenario = {
        dialogs: wholeOf('--dialogs', values.dialogs, 1, dialogsMax),
        transport: oneOf<TransportKind>('--transport', values.transport, transports),
        fault: oneOf<Fault>('--fault', values.fault, faults),
        rounds: values['kill-shard'] === undefined ? wholeOf('--rounds', values.rounds, 1, 1000) : 1,
        outageS: wholeOf('--outage-s', values['outage-s'], 1, 3600),
        settleS: wholeOf('--settle-s', values['settle-s'], 0, 3600),
        shards: wholeOf('--shards', values.shards, 0, 32),
        perShardPorts: values['per-shard-ports'],
        killShard:
          values['kill-shard'] === undefined ? undefined : wholeOf('--kill-shard', values['kill-shard'], 0, 31),
      };
      if (scenario.killShard !== undefined && (scenario.killShard >= scenario.shards || scenario.shards < 2)) {
        throw new Error('--kill-shard names one of two --shards or more.');
      }
      if (scenario.fault === 'flow-lost' && scenario.transport === 'udp') {
        throw new Error('--fault flow-lost resets connections: it needs --transport tcp.');
      }
      const fault = faultOfSpread(scenario);
      if (fault !== undefined) throw new Error(fault);
      return { kind: 'run', scenario, json: values.json, html: values.html, profile: values.profile };
    },
  );
}
