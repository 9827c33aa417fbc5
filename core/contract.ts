import type { SipErrorCode } from './errors.ts';

/** The types between core's layers: what goes into a step and what comes out of it. No code. */

declare const flowId: unique symbol;

/** One way to reach one peer: a UDP remote or an open connection, as the shard numbers them. @see RFC 5626 §2.1 */
export type FlowId = number & { readonly [flowId]: true };

/** A numeric address: `host` is an IPv4 or IPv6 literal without brackets. */
export interface Address {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

/** A failure that crosses a layer or a thread: an Error would lose its code there. */
export interface Failure {
  readonly code: SipErrorCode;
  readonly message: string;
}

/** Why a transport does not take a message: its size, or a Content-Length that is missing, malformed or repeated. */
export type MessageFault = 'head-too-large' | 'body-too-large' | 'content-length';

/** What happened outside since the last step. `C` is the command type of whoever steps. */
export type Input<C> =
  /** A flow exists; `openId` is the one given to `open`, or undefined when the peer wrote first. */
  | { readonly kind: 'flow-open'; readonly flow: FlowId; readonly remote: Address; readonly openId: number | undefined }
  | { readonly kind: 'open-failed'; readonly openId: number; readonly failure: Failure }
  | { readonly kind: 'flow-lost'; readonly flow: FlowId; readonly failure: Failure }
  /** One whole SIP message, as it came. */
  | { readonly kind: 'message'; readonly flow: FlowId; readonly bytes: Uint8Array }
  /** A message on a stream that the transport does not take: `head` is what there is of it. It may be answered; then the flow is closed. */
  | { readonly kind: 'message-refused'; readonly flow: FlowId; readonly head: Uint8Array; readonly fault: MessageFault }
  /** A message that its shard has no room for now: a request may be told to come again. */
  | { readonly kind: 'message-shed'; readonly flow: FlowId; readonly bytes: Uint8Array }
  /** A connection of a peer's was closed before it brought a message. */
  | { readonly kind: 'turned-away'; readonly remote: Address; readonly failure: Failure }
  | { readonly kind: 'command'; readonly command: C };

/** What a step caused, in the order in which it happened. `E` is the event type of whoever steps. */
export type Output<E> =
  /** `bytes` never changes afterwards. */
  | { readonly kind: 'send'; readonly flow: FlowId; readonly bytes: Uint8Array }
  /** Answered by `flow-open` or `open-failed` with the same `openId`. `connected`: a next hop that carries many dialogs. */
  | { readonly kind: 'open'; readonly openId: number; readonly remote: Address; readonly connected: boolean }
  | { readonly kind: 'close'; readonly flow: FlowId }
  | { readonly kind: 'event'; readonly event: E };

/** Where the layers inside put what a step causes for the flows. */
export interface Outlet {
  send(flow: FlowId, bytes: Uint8Array): void;
  open(openId: number, remote: Address, connected: boolean): void;
  close(flow: FlowId): void;
}

/** What one call of `step` gives. */
export interface Step<E> {
  /** In the order they happened; valid until the next step. */
  readonly outputs: readonly Output<E>[];
  /** When to step again if nothing arrives first; undefined when no timer is armed. */
  readonly wakeAtMs: number | undefined;
}

/**
 * Whatever a shard can drive: the engine, or the edge. Does no I/O, reads no clock, starts no timer.
 *
 * The whole contract: one call, everything it caused, and when to call again. An earlier `nowMs` counts as the latest seen.
 */
export interface Steppable<C, E> {
  step(nowMs: number, inputs: readonly Input<C>[]): Step<E>;
}

/** What entries of one kind take of memory off the heap. */
export interface MemoryUse {
  /** Entries now. */
  readonly count: number;
  /** There is room for so many. */
  readonly capacity: number;
  /** Octets of these entries. */
  readonly usedSize: number;
  /** Octets of all memory that such entries have needed so far: it is kept for those that come. */
  readonly heldSize: number;
}

/** Fills `target` with random octets: the only randomness of core. */
export type RandomSource = (target: Uint8Array) => void;

/** Hashes that digest authentication is made with. @see RFC 8760 §2.1 */
export type HashAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** The hash of octets, or of a text as UTF-8, in hexadecimal digits in lower case: core has no hashes of its own. */
export type Hash = (algorithm: HashAlgorithm, content: string | Uint8Array) => string;
