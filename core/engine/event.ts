import type { Failure, MemoryUse } from '../contract.ts';
import type { DialogId } from '../dialog/table.ts';
import type { RouteStatus } from '../recovery/route-health.ts';
import type { Header } from './command.ts';
import type { EngineCounters } from './counters.ts';
import type { DialogRecord } from './dialog-record.ts';
import type { RefusalReport } from './refusals.ts';

/** A response as the program sees it. */
export interface ResponseData {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** Who made a response: our best guess, since SIP does not authenticate it. */
export type ResponseOrigin = 'remote' | 'intermediary' | 'local';

/** Why a command failed. */
export interface CommandFailure extends Failure {
  /** The final response, made by us where none came (RFC 3261 §8.1.3.1). */
  readonly response?: ResponseData;
  readonly origin?: ResponseOrigin;
  /** The response that began it, where the failure is what the heal ended with. */
  readonly cause?: ResponseData;
}

/** A dialog as events name it. */
export interface DialogData {
  readonly id: DialogId;
  readonly callId: string;
}

/** Why a dialog ended. */
export type EndReason =
  | 'bye'
  /** The peer, or a proxy in its name, says that there is no such dialog. */
  | 'does-not-exist'
  /** Refreshes stopped; a peer's BYE is taken for that where the route was broken when its session expired. @see RFC 4028 §10 */
  | 'session-expired'
  /** No ACK for our 2xx. @see RFC 3261 §13.3.1.4 */
  | 'no-ack'
  /** Recovery is off, and a request found no answer. @see RFC 5057 §5.1 */
  | 'unreachable'
  /** The route was not mended in time, or not in so many attempts: mode `limited`, or `recovery.deadlineMs`. */
  | 'recovery-failed'
  /** The route was broken, and there were no media, for `recovery.mediaTimeoutMs`. */
  | 'media-timeout'
  /** The thread that had it died, which says nothing to the peer. */
  | 'shard-lost';

/** When a dialog ended, on the stack's clock: where it is not known to the millisecond, between two bounds. */
export interface DialogEnd {
  /**
   * The end, as well as can be told: when `bye()` was called, however long the BYE then took; when a late BYE of the peer was first
   * sent, by its Date; when the route broke, for a peer that had lost the dialog by the time it was back.
   */
  readonly atMs: number;
  /** The last sign of the peer that it had the dialog, where the end is not known exactly. */
  readonly notBeforeMs: number;
  /** When it was found out. */
  readonly notAfterMs: number;
}

/** What a command gives: each kind of command its own part. */
export interface ResultValue {
  readonly response?: ResponseData;
  readonly dialog?: DialogData;
  readonly routeStatus?: RouteStatus;
  readonly counts?: EngineCounts;
  readonly counters?: EngineCounters;
  readonly memory?: EngineMemory;
  readonly record?: DialogRecord;
  /** The dialog that was looked for is here. */
  readonly isFound?: boolean;
  /** Dialogs whose peers have not been told that they are over. */
  readonly undelivered?: number;
}

/** What an engine holds: all 0 when it is at rest, but for `healedRequests`, which only grows. */
export interface EngineCounts {
  readonly dialogs: number;
  readonly recovering: number;
  readonly clientTransactions: number;
  readonly serverTransactions: number;
  readonly timers: number;
  /** Dialogs that are over, but whose BYE has not reached the peer yet. */
  readonly owedByes: number;
  readonly calls: number;
  readonly requests: number;
  /** Requests that were sent again after a heal of their dialog, without the program's knowing. */
  readonly healedRequests: number;
}

/**
 * What an engine takes of memory off the heap: its budget a dialog, a transaction and a timer, as it is kept. Dialogs that are owed a
 * BYE still count as dialogs here.
 */
export interface EngineMemory {
  readonly dialogs: MemoryUse;
  readonly clientTransactions: MemoryUse;
  /** Those that only absorb retransmissions are most of them. */
  readonly serverTransactions: MemoryUse;
  readonly timers: MemoryUse;
}

/** A call that comes in, as its INVITE says. */
export interface CallData {
  /** What commands call it by. */
  readonly call: number;
  readonly requestUri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** The caller takes reliable provisional responses. @see RFC 3262 §3 */
  readonly supportsReliable: boolean;
}

/** A request of the peer's inside a dialog. */
export interface RequestData {
  /** What commands call it by. */
  readonly request: number;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** What the engine tells the program. */
export type EngineEvent =
  | {
      readonly kind: 'result';
      readonly id: number;
      /** Undefined when it ended well. */
      readonly failure: CommandFailure | undefined;
      readonly value: ResultValue;
    }
  | {
      readonly kind: 'provisional';
      readonly id: number;
      readonly response: ResponseData;
      /** The early dialog of the branch that rings, where it has one. */
      readonly dialog: DialogData | undefined;
    }
  /** A response offers a session to a call that went without an offer: the program's answer is awaited. */
  | { readonly kind: 'offer'; readonly id: number; readonly offer: number; readonly response: ResponseData }
  /** Another branch of the call has answered. */
  | { readonly kind: 'fork'; readonly id: number; readonly dialog: DialogData }
  /** No other branch can answer any more. */
  | { readonly kind: 'forks-over'; readonly id: number }
  | ({ readonly kind: 'incoming-call' } & CallData)
  | { readonly kind: 'call-cancelled'; readonly call: number }
  | ({ readonly kind: 'request'; readonly dialog: DialogData } & RequestData)
  | { readonly kind: 'route-status'; readonly dialog: DialogData; readonly routeStatus: RouteStatus }
  /** The program reports that media are dead, and the route works. */
  | { readonly kind: 'media-lost'; readonly dialog: DialogData }
  /** The program is to refresh its registration, and to say how that ended. */
  | { readonly kind: 'refresh-registration'; readonly refresh: number }
  | { readonly kind: 'session-changed'; readonly dialog: DialogData; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly report: RefusalReport }
  | {
      readonly kind: 'ended';
      readonly dialog: DialogData;
      readonly by: 'local' | 'remote';
      readonly reason: EndReason;
      readonly end: DialogEnd;
    };
