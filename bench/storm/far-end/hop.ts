import type { HopSide } from './far-end.ts';

/** A hop as the process that plays it breaks and mends it. */
export interface PlayedHop extends HopSide {
  readonly port: number;
  /** What has come to it since it was opened last, while it was silent as well. */
  readonly received: number;
  /** It reads what comes, and does nothing with it. */
  silent: boolean;
  readonly isOpen: boolean;
  /** Listens, on the port that it had before. */
  open(): Promise<void>;
  /** Closes its sockets at once; who writes to it is refused by the kernel. */
  close(): Promise<void>;
  /** Resets every connection; it takes new ones. */
  resetConnections(): void;
  /** Sends a message to a shard of our stack. */
  send(message: Buffer, shard: number): void;
}
