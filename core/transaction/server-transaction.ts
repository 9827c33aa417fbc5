import type { FlowId } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { InviteServerState } from './invite-server.ts';
import type { NonInviteServerState } from './non-invite-server.ts';

/**
 * Whom a server transaction serves: a few long-lived objects; `tx.owner` says whose it is.
 *
 * Any callback may respond to, forget or move any transaction, the one it is called for included.
 */
export interface ServerUser {
  /** The ACK of a 3xx–6xx came. The ACK of a 2xx is not told here: `receive` returns `ack-for-2xx`. */
  onAck(tx: ServerTransaction, message: Message): void;
  /**
   * INVITE: no ACK within 64*T1, of a 3xx–6xx (Timer H), or, with `tx.state` still `accepted`, of a 2xx: the TU should send a
   * BYE (§13.3.1.4).
   * Other methods: unanswered when the client has given up; the transaction ends and nothing may be sent (RFC 4320 §4.2).
   */
  onFailure(tx: ServerTransaction, why: 'timeout'): void;
  /** Its flow is lost. It stays (RFC 6026 §7.1) and can be moved to another flow; nothing has to be done. */
  onFlowLost(tx: ServerTransaction): void;
}

/** `trying`: the TU has said nothing yet (for INVITE that is a part of Proceeding). */
export type ServerState = InviteServerState | NonInviteServerState | 'terminated';

/**
 * One request of a peer while its TU may still act on it or hear of it.
 *
 * That ends with the final response to a non-INVITE, with the ACK of an INVITE, or with `forget`; the object is then
 * reused, while the transaction lives on as a record that absorbs retransmissions. Who keeps one beyond a callback
 * or `receive` keeps `id`, and asks `ServerTransactions.get(id)`.
 */
export interface ServerTransaction {
  /** Index and generation: positive, below 2^31, not used again soon. */
  readonly id: number;
  readonly index: number;
  readonly method: string;
  /** Where responses go: the flow the request came by, or the one it was moved to. */
  readonly flow: FlowId;
  readonly reliable: boolean;
  /** False once its flow is lost: responses are kept for retransmissions but not sent. */
  readonly reachable: boolean;
  /** `terminated` once the object is out of use, though the transaction may still absorb. */
  readonly state: ServerState;
  /** Set by whoever takes the request; at first one that ignores everything. */
  user: ServerUser;
  /** The user's own unsigned 32-bit number. */
  owner: number;
  /** A small integer for the user; 0 at first. */
  mark: number;
}
