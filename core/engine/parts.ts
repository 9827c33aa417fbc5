import type { Address, FlowId, Outlet } from '../contract.ts';
import type { Acks } from '../dialog/ack.ts';
import type { Challenges } from '../dialog/challenges.ts';
import type { SessionTimers } from '../dialog/session-timer.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import type { Writer } from '../message/write.ts';
import type { RecoveryMode } from '../recovery/classify.ts';
import type { Healer } from '../recovery/healer.ts';
import type { Hops } from '../recovery/hops.ts';
import type { RecoveryPolicy } from '../recovery/policy.ts';
import type { RouteSetPolicy } from '../recovery/route-set-policy.ts';
import type { SipTimers } from '../time/sip-timers.ts';
import type { Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import type { ServerTransactions } from '../transaction/server.ts';
import type { EngineCounters, RefusalCounter } from './counters.ts';
import type { DialogEnd, EndReason } from './event.ts';
import type { HeldOctets } from './held-octets.ts';
import type { Refusals } from './refusals.ts';
import type { Reporter } from './reporter.ts';
import type { StatelessTags } from './stateless-tags.ts';
import type { Trust } from './trust.ts';

/** What the engine is made of: handed to those who decide what a message means. */
export interface Parts {
  readonly mode: RecoveryMode;
  readonly policy: RouteSetPolicy;
  readonly recovery: RecoveryPolicy;
  readonly timers: SipTimers;
  readonly table: DialogTable;
  readonly wheel: Wheel;
  readonly writer: Writer;
  readonly outlet: Outlet;
  readonly clients: ClientTransactions;
  readonly servers: ServerTransactions;
  readonly hops: Hops;
  readonly sessions: SessionTimers;
  readonly acks: Acks;
  readonly challenges: Challenges;
  readonly trust: Trust;
  readonly healer: Healer;
  readonly reporter: Reporter;
  readonly counters: EngineCounters;
  readonly refusals: Refusals<RefusalCounter>;
  /** Of requests that wait for the program. */
  readonly heldOctets: HeldOctets;
  readonly statelessTags: StatelessTags;
  /** Whether the program takes calls. */
  readonly takesCalls: boolean;
  /** Where we are reached by a protocol; by our first, where we do not speak that one. */
  readonly local: (protocol: string) => Address;
  /** Our URI for Contact, where requests of the dialog are to come by that protocol; by our first, where none is known. */
  readonly ownUri: (protocol: string | undefined) => string;
  /** Where a flow leads. */
  readonly remote: (flow: FlowId) => Address | undefined;
  /** 128 random bits as text, for tags and Call-IDs. */
  readonly token: () => string;
  /** A fresh Call-ID. */
  readonly callId: () => string;
  /** Whether a dialog of this Call-ID would be here. */
  readonly ownsCallId: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** A random number in [0, 1). */
  readonly fraction: () => number;
  /** Frees a dialog and tells the program. */
  readonly endDialog: (dialog: DialogIndex, by: 'local' | 'remote', reason: EndReason, end?: DialogEnd) => void;
  /** Milliseconds from 1970 to where the clock counts from; undefined where nobody knows the date. */
  readonly epochMs: number | undefined;
}
