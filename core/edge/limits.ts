/** Bounds on what peers can make an edge keep, each with its reason. */

/**
 * Peers that are known at once. A transport numbers 131,072 flows and never gives up one that we opened: below that, the edge
 * lets go of the peer that was idle the longest before the transport has to refuse.
 */
export const peerMax: number = 100_000;

/** Peers on a connected socket: each costs a descriptor and a receive buffer, and a transport has 256. */
export const connectedMax: number = 128;

/**
 * Messages that wait, all together, for a flow that is being opened. That takes one turn, so more than a few full
 * receive buffers of them never come honestly; over UDP what is dropped is retransmitted.
 */
export const waitingMax: number = 16_384;

/** A token has two octets for its era. Who declares more flows lost than that gives up the state of all dialogs instead. */
export const eraMax: number = 65_535;

/** What UDP over IPv4 can carry: 65,535 less the IP and UDP headers. */
export const datagramSizeMax: number = 65_507;
