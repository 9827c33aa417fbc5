/** Every bound of the ground floor, with its reason. Sizes are octets. */

/**
 * What a flow id can number: 17 bits. An edge keeps one flow for each phone behind it, and 100,000 phones are usual;
 * a full table costs about 35 MB, which is the most that forged source addresses can make us spend.
 */
export const flowIndexMax: number = 2 ** 17;

/** A flow id has 5 bits for the shard: more engines than cores of most machines. */
export const shardMax: number = 2 ** 5;

/** Generations of a flow index run 1–255: 0 is left out so that no flow id is 0. */
export const flowGenerationMax: number = 2 ** 8 - 1;

/**
 * Receive buffer asked for each UDP socket: the answers of a storm's whole window wait there while one step runs.
 * 4 MiB hold about 2,000 datagrams as the kernel counts them; Linux caps it at net.core.rmem_max (212,992 by default).
 */
export const receiveBufferSize: number = 4 * 1024 * 1024;

/** The sizes that setsockopt takes: a C int. */
export const bufferSizeMax: number = 2 ** 31 - 1;

/**
 * Octets that wait in this process because the kernel's send buffer is full. Beyond it messages are shed: whatever waits
 * longer than T1 (500 ms) is retransmitted anyway, and 1 MiB is what a 20 Mbit/s line carries in that time.
 */
export const sendQueueSize: number = 1024 * 1024;

/**
 * Connected sockets of one UDP transport: next hops are a written list of tens, and each costs a descriptor and a receive
 * buffer.
 */
export const connectedSocketsMax: number = 256;

/** Tries to bind again a free port that somebody else took between our two binds. */
export const bindAttemptsMax: number = 3;

/** The longest wait that setTimeout takes; a longer one would fire at once. */
export const timeoutMaxMs: number = 2 ** 31 - 1;

/** What UDP over IPv4 can carry: 65,535 less the IP and UDP headers. */
export const datagramSizeMax: number = 65_507;

/** What a paused address of the memory network takes in: Linux's usual receive buffer. */
export const pausedBufferSize: number = 212_992;

/** Datagrams that the memory network's log keeps, the newest: a simulation sends millions. */
export const datagramLogMax: number = 10_000;

/** Virtual time that `VirtualClock.runUntilIdle` passes before it says that something never ends: an hour. */
export const idleWaitMaxMs: number = 3_600_000;

/** Callbacks that `VirtualClock` runs without time moving before it says that they feed each other. */
export const callbacksAtOneInstantMax: number = 10_000_000;

/**
 * Start line and header of a message on a stream. An INVITE through ten proxies, with their routes and Vias, stays below
 * 8 KiB; core's index takes no more than this either. Node's HTTP server takes 16 KiB, Kamailio 64 KiB with the body.
 */
export const headSizeMax: number = 65_536;

/** The body of a message on a stream: what a datagram could carry, as Kamailio has it. Session descriptions have some 2,000 octets. */
export const bodySizeMax: number = 65_536;

/** First size of the buffer in which a message is put together that came in pieces: most messages fit. */
export const assemblyStartSize: number = 2_048;

/** A head that spans chunks is fetched in such steps, so that little of what lies behind it is copied. */
export const assemblyStepSize: number = 1_024;

/**
 * A message that has begun is complete within this time, or its sender is too slow: RFC 3261 has no figure, a segment that
 * was lost comes again within seconds, and httpd gives a head 20 s by default.
 */
export const messageWaitMaxMs: number = 10_000;

/** A peer that connects sends a message within 64*T1: whatever it connected for, it has given up by then. */
export const firstMessageWaitMaxMs: number = 32_000;

/**
 * Connections whose peers have sent no message yet; beyond, the oldest of the host that has the most makes place for the next. A burst of
 * phones after an outage passes.
 */
export const unprovenConnectionsMax: number = 1_024;

/** Connections of one TCP transport: each costs a descriptor, of which Linux gives a process 2^20 at most, and some 10 KiB. */
export const connectionsMax: number = 65_536;

/**
 * Octets that are read of peers' connections before everybody else has a turn: 2,000 requests of a scanner's, which take some 20 ms. A
 * socket is read by 64 KiB at a time.
 */
export const readPerTurnMax: number = 512 * 1024;

/** Of a process's descriptors connections take so much at most: whoever connects is not to keep the rest of it from opening anything. */
export const descriptorShare = 0.75;

/** Connections that are looked at for the idlest, when one has to make place. */
export const idlestLooks = 16;

/**
 * Octets that all connections together hold: messages that have not come as a whole, and what their peers have not read. Whoever opens
 * thousands could else have us hold what one may for each of them. Beyond it the largest of the host that holds the most is closed. 1,000
 * storms' windows fit.
 */
export const connectionsHeldMax: number = 128 * 1024 * 1024;

/** A connection is there within this time, or counts as failed: Linux has then sent its SYN at 0 and 1 s. Whoever wants it tries anew. */
export const connectWaitMaxMs: number = 2_000;

/**
 * Octets that wait for one connection in this process. A flow that loses nothing must not drop messages, so beyond it the
 * connection is given up: 8 MiB are 12,000 messages, more than a peer that reads at all leaves unread.
 */
export const writeQueueSizeMax: number = 8 * 1024 * 1024;

/** A connection that we close is read, and what comes thrown away, until the peer closes too; so long at most. */
export const lingerMaxMs: number = 2_000;

/** A message that is refused may be answered, and its flow closed, within this time. */
export const refusalWaitMaxMs: number = 1_000;

/** An idle connection is tried by the kernel after so long, so that a peer that is gone without a word does not keep its place. */
export const keepAliveAfterMs: number = 120_000;
