/** What goes to and fro. Sizes are octets. */
export interface PingPong {
  readonly transport: 'udp' | 'tcp';
  readonly requestSize: number;
  readonly responseSize: number;
  /** Sockets of the pinger, and as many of the echo's. */
  readonly sockets: number;
  /** Requests under way at once, over all sockets. */
  readonly window: number;
  readonly roundTrips: number;
}

/** What sends requests and counts responses, in this process. */
export interface Pinger {
  /** Resolves when so many round trips are done. */
  run(roundTrips: number): Promise<void>;
  readonly repeated: number;
  close(): void;
}
