import { oneOf, readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import { type TransportKind, transports } from './network.ts';
import { type FarEndKind, type Fault, farEnds, faults, type Mode, modes, type Scenario } from './scenario.ts';

/** A run that is asked for. */
export interface RunArguments {
  readonly kind: 'run';
  readonly scenario: Scenario;
  readonly json: string | undefined;
}

/** The command line, read. */
export type Arguments = RunArguments | Unfollowed;

const dialogsMax = 1_000_000;
const shardsMax = 32;

export const usage: string = `Usage: npm start -- [options]      (or: sipmend-bench route-death [options])

Sets up calls through edge A, breaks that route for all of them at once, watches them heal through edge B, and proves by
an INFO in each direction that every one of them works. Ends with 1 if any dialog is lost.

  --dialogs N       calls to set up, 1 to ${dialogsMax} (default: 10000)
  --shards N        threads that each end spreads its dialogs over, 0 to ${shardsMax} (default: 0, none)
  --transport KIND  udp (default), or tcp: everybody listens, and connects to whom it sends to
  --fault FAULT     dead-hop    edge A is killed (default)
                    silent-hop  edge A is stopped: it takes everything and answers nothing
                    lost-state  edge A forgets all it knows; then an INFO on each dialog must succeed
                                without the program hearing of the break
                    outage      both edges are killed, and started again 5 s later, empty, on the same ports; what both
                                ends send meanwhile is counted
                    far-end     edge A loses its flow to the far end: an INFO on each dialog gets 430
                                Wait-For-Session-Update, the caller leaves it to the far end, which then heals
                    flow-lost   every connection of edge A is reset, while it lives on (with --transport tcp)
  --far-end PEER    sipmend (default), or sipp: SIPp answers the calls (Debian: sip-tester; \`npm run peers\`)
  --mode MODE       maximum (default), or none: nobody heals, to show what others do
  --json FILE       writes the results to FILE
  --help            shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  return readOptions(
    args,
    {
      dialogs: { ...text, default: '10000' },
      shards: { ...text, default: '0' },
      transport: { ...text, default: 'udp' },
      fault: { ...text, default: 'dead-hop' },
      'far-end': { ...text, default: 'sipmend' },
      mode: { ...text, default: 'maximum' },
      json: text,
    },
    (values) => {
      const scenario = {
        dialogs: wholeOf('--dialogs', values.dialogs, 1, dialogsMax),
        shards: wholeOf('--shards', values.shards, 0, shardsMax),
        transport: oneOf<TransportKind>('--transport', values.transport, transports),
        fault: oneOf<Fault>('--fault', values.fault, faults),
        farEnd: oneOf<FarEndKind>('--far-end', values['far-end'], farEnds),
        mode: oneOf<Mode>('--mode', values.mode, modes),
      };
      if (scenario.fault === 'far-end' && scenario.farEnd === 'sipp') {
        throw new Error('--fault far-end needs a far end that can heal: SIPp cannot.');
      }
      if (scenario.fault === 'flow-lost' && scenario.transport === 'udp') {
        throw new Error('--fault flow-lost resets connections: it needs --transport tcp.');
      }
      if (scenario.fault === 'flow-lost' && scenario.mode === 'none') {
        throw new Error('--fault flow-lost loses no call with --mode none: its next request connects anew.');
      }
      if (scenario.transport === 'tcp' && scenario.farEnd === 'sipp') {
        throw new Error('--far-end sipp speaks UDP here: its scenario names no other transport.');
      }
      return { kind: 'run', scenario, json: values.json };
    },
  );
}
