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
