import type { Address } from './contract.ts';

/** The octets of one connection, both ways: a socket, or a stream of the memory network. */
export interface Pipe {
  /** Where it leads. */
  readonly remote: Address;
  /** Octets that `write` took and that have not left yet. */
  readonly queuedSize: number;
  /** Begins to tell; nothing is told before, and nothing from inside a call. */
  start(user: PipeUser): void;
  /** Octets that have been read, but wait to be told because it is paused. */
  readonly unreadSize: number;
  /** Tells of nothing that comes, so that the peer is slowed down, until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes octets to send behind the earlier ones. They must not change afterwards. */
  write(bytes: Uint8Array): void;
  /** Nothing more will be written; the peer learns it behind what was. */
  end(): void;
  /** Ends both directions at once; nothing is told afterwards. */
  destroy(): void;
}

/** Hears what comes out of a pipe. */
export interface PipeUser {
  /** `chunk` is the user's to keep. */
  received(chunk: Uint8Array): void;
  /** The peer sends nothing more. */
  ended(): void;
  /** The connection is broken: reset, or not acknowledged. Nothing is told afterwards. */
  failed(reason: string): void;
}

/** Hears what became of an attempt to connect. */
export interface Dialling {
  connected(pipe: Pipe): void;
  failed(reason: string): void;
}

/** Where connections come from: the sockets of one address, or a place in the memory network. */
export interface PipeSource {
  readonly local: Address;
  /** So many connections at once are safe for the process. */
  readonly connectionsMax: number;
  /** Connects; one of the two is called in a later turn, or none once the returned cancel has been called. */
  dial(remote: Address, dialling: Dialling): () => void;
  /** Accepts no more. The pipes are their users'. */
  close(): Promise<void>;
}
