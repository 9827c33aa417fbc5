/**
 * What a transport is and what it reports: types only, the ground floor's own words.
 *
 * A transport moves whole SIP messages between flows and its listener. It knows no transactions and no dialogs.
 */

declare const flowId: unique symbol;

/**
 * One way to reach one peer: a UDP remote or an open connection. A small integer of 30 bits that packs
 * shard (5 bits), index (17) and generation (8), so that a late use of a lost flow is recognised.
 *
 * @see RFC 5626 §2.1
 */
export type FlowId = number & { readonly [flowId]: true };

export type Protocol = 'udp' | 'tcp';

/** A numeric address: `host` is an IPv4 or IPv6 literal without brackets. */
export interface Address {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

/** Stable codes of what can go wrong below: they reach the program as the `code` of a `SipError`. */
export type TransportFailure =
  | 'SIP_USAGE'
  | 'SIP_PORT_IN_USE'
  | 'SIP_BIND_FAILED'
  | 'SIP_FLOW_REFUSED'
  | 'SIP_FLOW_LOST'
  | 'SIP_FLOW_IDLE'
  | 'SIP_FLOW_SLOW'
  | 'SIP_FLOW_CONGESTED'
  | 'SIP_OVERLOADED'
  | 'SIP_FRAMING_LOST'
  | 'SIP_MESSAGE_TOO_LARGE'
  | 'SIP_OPEN_FAILED';

/** Why a message on a stream is not taken, and nothing behind it: its size, or a Content-Length that is missing, malformed or repeated. */
export type MessageFault = 'head-too-large' | 'body-too-large' | 'content-length';

/**
 * What a transport throws: `SIP_USAGE` at once where it is described wrongly, an operating failure from `Transport.open`.
 * Everywhere else failures are reported as plain data.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportFailure;

  constructor(code: TransportFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Hears what a transport reports. Calls never nest: none is made from inside `send`, `openFlow` or `close`. */
export interface TransportListener {
  /** A flow exists: asked for by `openFlow` (`openId` is its own), or by a peer that wrote first (`openId` is undefined). */
  flowOpen(flow: FlowId, remote: Address, openId: number | undefined): void;
  openFailed(openId: number, code: TransportFailure, message: string): void;
  /** One whole message, as it came. `bytes` is the listener's to keep. */
  message(flow: FlowId, bytes: Uint8Array): void;
  /**
   * A message on a stream that cannot be taken: `head` is its start line and header, or what fits of them. Nothing more is
   * read from this flow. The listener may answer, and closes the flow; where it does not, the flow is lost a second later.
   */
  messageRefused(flow: FlowId, head: Uint8Array, fault: MessageFault): void;
  /** The flow will carry nothing more; its id is void. */
  flowLost(flow: FlowId, code: TransportFailure, message: string): void;
  /** A connection of a peer's was closed before it brought a message, because it was not used well or there was no room for it. */
  turnedAway(remote: Address, code: TransportFailure, message: string): void;
  /** Something an operator should know (the kernel caps a buffer, say); nothing has failed. */
  warning(message: string): void;
}

/** A transport with its sockets open. */
export interface OpenTransport {
  /** Where peers reach us; a port of 0 that was asked for is filled in. */
  readonly local: Address;
  /**
   * Asks for a flow to `remote`; the answer is `flowOpen` or `openFailed` with the same `openId`, in a later turn.
   * A flow that was opened stays until `closeFlow` or until it is lost; one that a stranger's message made may be
   * forgotten when it is idle and others need its place. A connection that the peer opened serves as well, where it comes
   * from `remote` itself.
   * `connected`: for a next hop that carries many dialogs; UDP gives it a connected socket, so that a dead peer is known
   * by ECONNREFUSED.
   */
  openFlow(openId: number, remote: Address, options: { readonly connected: boolean }): void;
  /**
   * Sends one message, or drops it when the flow is gone or its queue is full (counted in `shed`). A stream whose queue is full
   * is lost, for it must not lose a message in silence. `bytes` must not change afterwards.
   */
  send(flow: FlowId, bytes: Uint8Array): void;
  /** Ends a flow; a stream closes when what was sent has left. Nothing is reported of it afterwards. */
  closeFlow(flow: FlowId): void;
  /** Messages that were dropped on the way out. */
  readonly shed: number;
  /** What other shards on the same port have read, or learned, for us. Undefined for streams: their flows stay where they are. */
  readonly sharing?: PortSharing;
  /** Closes every socket; nothing is reported afterwards. */
  destroy(): Promise<void>;
}

/** Several shards may have sockets on one UDP port: what the kernel hands to one of them may be another's. */
export interface PortSharing {
  /** A datagram from `remote` that another shard has read: reported as if it had come here. */
  received(bytes: Uint8Array, remote: Address): void;
  /** Another shard was told that nothing listens at `remote`: our flow to it, where there is one, is lost. */
  unreachable(remote: Address, code: TransportFailure, message: string): void;
}

/** A transport as the program describes it. */
export interface Transport {
  readonly protocol: Protocol;
  open(listener: TransportListener, context: TransportContext): Promise<OpenTransport>;
}

/** What a shard gives the transports that it opens. */
export interface TransportContext {
  readonly clock: Clock;
  /** Number of the shard, 0–31, for the flow ids. */
  readonly shard: number;
  /**
   * The flow indices that are this transport's own, all 131,072 by default: a shard with several transports gives each
   * its share, so that a flow id names one flow of the shard. `count` also bounds the flows that the transport keeps.
   */
  readonly flowIndices?: { readonly first: number; readonly count: number };
  /** The port is one that several shards of this process share. */
  readonly shared?: SharedPort;
}

/** A port of several shards. */
export interface SharedPort {
  readonly port: number;
  /** Others hold it now: a UDP socket is bound beside theirs. */
  readonly held: boolean;
  /** One shard accepts connections; the others only make their own. */
  readonly listens: boolean;
}

/** Time and turns, for whoever needs them: the system's in production, a virtual one in tests. */
export interface Clock {
  /** Monotonic milliseconds; the zero is the clock's own. */
  nowMs(): number;
  /** Milliseconds from 1970 to that zero, for the dates that go out; without it none does. */
  readonly epochMs?: number;
  /** Calls back once at `atMs` or as soon after as it can; gives the cancel. */
  wake(atMs: number, callback: () => void): () => void;
  /** Calls back once in a later macrotask of its own, in the order of the calls. */
  defer(callback: () => void): void;
}
