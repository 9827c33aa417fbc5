/**
 * Bounds on one message, each with its reason. Sizes are octets.
 *
 * What crosses a bound is refused or reported malformed, never cut short in silence.
 */
export interface MessageLimits {
  /**
   * Start line and header fields together. A UDP datagram cannot hold more than 65,507 octets; on a stream the
   * framer has a bound of its own. Node's HTTP server takes 16 KiB, PJSIP by default packets of 4,000.
   */
  readonly headSize: number;
  /**
   * A body, as the transports bound it on a stream: what a datagram could carry. Session descriptions have some 2,000 octets; with
   * ICE candidates some 10,000.
   */
  readonly bodySize: number;
  /** Header lines of a message: an INVITE through ten proxies has some 40. Apache's httpd takes 100 fields, Node's 2,000. */
  readonly headerCount: number;
  /**
   * Values of one list that are kept one by one (Route, Record-Route). Max-Forwards starts at 70, so an honest path
   * has no more hops than that, and recovery adopts 30 at most.
   */
  readonly listCount: number;
  /**
   * Parameters of one header value or URI, or headers of a URI. A phone's Contact with instance and feature tags has a dozen, a Digest
   * challenge nine (RFC 7616 §3.3). Who compares two of them looks each one up in the other.
   */
  readonly paramCount: number;
}

export const messageLimits: MessageLimits = {
  headSize: 65_536,
  bodySize: 65_536,
  headerCount: 256,
  listCount: 64,
  paramCount: 64,
};
