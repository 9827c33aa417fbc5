import type { FlowId } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import type { InviteClientState } from './invite-client.ts';
import type { NonInviteClientState } from './non-invite-client.ts';

/**
 * Whom a client transaction serves: a handful of long-lived objects, one for each use; `tx.owner` says whose it is.
 *
 * Any callback may begin, start or forget any transaction, the one it is called for included.
 */
export interface ClientUser {
  /**
   * Each provisional response (100 too), and the first final one. INVITE: also each further 2xx, repeated or
   * from another branch of a fork; the user acknowledges every one of them (`tx.ack` is kept for that).
   * `message` is valid during the call only.
   */
  onResponse(tx: ClientTransaction, message: Message): void;
  /**
   * No final response will come: treat it as 408 or 503 (RFC 3261 §8.1.3.1). Never follows a final response, and is
   * the last word: the transaction has ended when this returns.
   *
   * With one exception: an INVITE whose hop has fallen silent may be answered late. Its transaction stays for that, and ends without a word.
   */
  onFailure(tx: ClientTransaction, why: ClientFailure): void;
}

/** `hop-silent` is told of INVITEs alone; to all else a hop that is held for dead is a lost flow. */
export type ClientFailure = 'timeout' | 'flow-lost' | 'hop-silent';

/** `idle` is before `start`; `cancelling` is Proceeding once a CANCEL went out (§9.1); `silent` is that of an INVITE that has failed. */
export type ClientState = 'idle' | InviteClientState | NonInviteClientState | 'terminated';

/**
 * One request of ours and what becomes of it.
 *
 * These objects are reused once the transaction has ended: who keeps one beyond a callback keeps `id`, and asks
 * `ClientTransactions.get(id)`.
 */
export interface ClientTransaction {
  /** Index and generation: positive, below 2^31, not used again soon. */
  readonly id: number;
  readonly index: number;
  readonly method: string;
  readonly flow: FlowId;
  readonly reliable: boolean;
  readonly user: ClientUser;
  readonly state: ClientState;
  /** The branch of its Via. Made on each reading: to write it, `writeBranch`. */
  readonly branch: string;
  /** Whose request it is: the user's own unsigned 32-bit number. */
  owner: number;
  /** A small integer for the user; 0 at first. */
  mark: number;
  /** Whether only what comes by the flow of the request is taken for its response. */
  ownFlowOnly: boolean;
  /** How many challenges the request has answered so far, as the transactions before this one. */
  attempt: number;
  /** The ACK of a 2xx, kept by its user to send it again with each repeated 2xx. Setting copies, reading copies. */
  ack: Uint8Array | undefined;
  writeBranch(writer: Writer): void;
}
