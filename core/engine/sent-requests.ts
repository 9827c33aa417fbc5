import type { FlowId } from '../contract.ts';
import { beginDialogRequest, routeSetPath } from '../dialog/request.ts';
import { DialogFlag, DialogState } from '../dialog/table.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import type { Hop } from '../recovery/hop.ts';
import { isAlive } from '../recovery/hop-state.ts';
import { suspectAfterMs } from '../recovery/limits.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import { endWithContent } from './content.ts';
import type { Failover } from './failover.ts';
import type { Parts } from './parts.ts';
import { isOffer, type PendingRequest, type PendingRequests } from './pending-requests.ts';
import type { SecondTries } from './second-tries.ts';

/** Who decides what becomes of a request that is sent. */
export interface SentRequestUser extends ClientUser {
  /** A request goes out for the second time, and there is an instant by which it must have succeeded. */
  sentAgain(request: PendingRequest): void;
}

/** Requests of the program's on their way: written from their dialog, given to a transaction, and looked after until that ends. */
export class SentRequests {
  readonly #parts: Parts;
  readonly #pending: PendingRequests;
  readonly #secondTries: SecondTries;
  readonly #failover: Failover;
  readonly #user: SentRequestUser;
  readonly #unansweredTimer: TimerKind;
  readonly #inviteLimit: TimerKind;

  constructor(
    parts: Parts,
    pending: PendingRequests,
    more: { readonly secondTries: SecondTries; readonly failover: Failover; readonly user: SentRequestUser },
  ) {
    this.#parts = parts;
    this.#pending = pending;
    this.#secondTries = more.secondTries;
    this.#failover = more.failover;
    this.#user = more.user;
    this.#unansweredTimer = parts.wheel.kind((id) => this.#unanswered(id));
    this.#inviteLimit = parts.wheel.kind((id) => this.#inviteLimitReached(id));
  }

  /** Sends a request, or fails it. `isAgain`: the same one, with the sequence number that it had. */
  send(request: PendingRequest, isAgain = false): void {
    const { table, hops, healer, mode } = this.#parts;
    const { id, dialog } = request;
    if (table.state[dialog] === DialogState.ending) {
      // It has waited, and the BYE has gone by now (RFC 3261 §15.1.1).
      this.#pending.settle(request).failWithCode(id, 'SIP_DIALOG_ENDED', endedWhileWaitingText);
      return;
    }
    if (!table.hasSequence(dialog)) {
      this.#pending.settle(request).failWithCode(id, 'SIP_OVERLOADED', outOfNumbersText);
      return;
    }
    if (isOffer(request) && this.#secondTries.defers(request)) return;
    const hop = this.#failover.hopOf(request);
    const isUp = (hop !== undefined && isAlive(hop)) || mode === 'none';
    if (!isUp) {
      this.#pending.settle(request).failLocally(id, 503);
      healer.breakRoute(dialog, 'flow-lost', 0);
      healer.pump();
    } else if (hop === undefined) {
      this.#pending.settle(request).failLocally(id, 503);
    } else if (hop.flow === undefined) {
      request.place = 'opening';
      hops.whenOpen(hop, (flow) => {
        if (this.#pending.get(id) !== request || request.place !== 'opening') return;
        if (flow !== undefined) this.send(request);
        else this.#pending.settle(request).failLocally(id, 503);
      });
    } else {
      this.#start(request, hop, hop.flow, isAgain);
    }
  }

  #start(request: PendingRequest, hop: Hop, flow: FlowId, isAgain: boolean): void {
    const { table, clients, wheel, writer, sessions, healer } = this.#parts;
    const { id, dialog, method } = request;
    const tx = clients.begin(method, flow, hop.address.protocol !== 'udp', this.#user, id);
    if (tx === undefined) {
      this.#pending.settle(request).failLocally(id, 503);
      return;
    }
    request.place = 'sent';
    request.txId = tx.id;
    request.sentAtMs = wheel.nowMs;
    request.generation = healer.health.generation[dialog] as number;
    request.isEarly = table.state[dialog] === DialogState.early;
    wheel.disarm(request.timer);
    if (request.flowFailed === undefined) this.#watchHop(request, tx);
    else this.#user.sentAgain(request);
    if (isOffer(request)) table.set(dialog, DialogFlag.offerPending, true);
    if (!isAgain) request.sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, {
      method,
      sequence: request.sequence,
      via: hop.via,
      tx,
      path: routeSetPath,
    });
    if (isTargetRefresh(method)) sessions.writeRefresh(writer, dialog);
    clients.start(tx, endWithContent(writer, request.content));
  }

  /** It is asked whether it lives, if there is no response in time. */
  #watchHop(request: PendingRequest, { reliable }: ClientTransaction): void {
    const atMs = request.sentAtMs + (reliable ? suspectAfterMs.reliable : suspectAfterMs.unreliable);
    const { wheel } = this.#parts;
    if (atMs >= wheel.nowMs) request.timer = wheel.arm(this.#unansweredTimer, request.id, atMs);
  }

  /** The transaction of a request is over. */
  ended(request: PendingRequest): void {
    request.place = 'waiting';
    this.#pending.stop(request);
    if (isOffer(request)) this.#parts.table.set(request.dialog, DialogFlag.offerPending, false);
  }

  /**
   * The sender, who has been told, no longer waits for the response. An INVITE or UPDATE may be answered all the same: what the answer says of target,
   * session and timer then holds, and one to an INVITE is acknowledged. While it is under way nothing else can be offered, so that its hop is
   * to answer still.
   */
  abandon(request: PendingRequest): void {
    if (!isTargetRefresh(request.method) || request.place !== 'sent') {
      this.#pending.settle(request);
      this.forget(request);
      return;
    }
    request.abandoned = true;
    this.#pending.stop(request);
    const { clients } = this.#parts;
    const tx = clients.get(request.txId);
    if (tx === undefined) return;
    this.#watchHop(request, tx);
    if (request.method === 'INVITE') clients.cancel(tx);
  }

  /** The dialog ends, or nobody waits for the response. An INVITE may be answered all the same, and the answer is then acknowledged. */
  forget(request: PendingRequest): void {
    if (request.place !== 'sent') return;
    this.ended(request);
    const { clients, acks, hops } = this.#parts;
    const tx = clients.get(request.txId);
    if (tx === undefined) return;
    if (request.method === 'INVITE') acks.leave(tx, request.dialog, hops.of(request.dialog));
    else clients.forget(tx);
  }

  /** The hop that a request went by is asked whether it lives. */
  suspectHop({ txId }: PendingRequest): void {
    const { clients, hops, mode } = this.#parts;
    const tx = clients.get(txId);
    const hop = tx && hops.byFlow(tx.flow); // the dialog may have gone to another meanwhile
    if (hop !== undefined && mode !== 'none') hops.suspect(hop);
  }

  #unanswered(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    request.timer = 0;
    this.suspectHop(request);
    const { wheel, timers } = this.#parts;
    // A provisional response stops an INVITE's own timers, and an INVITE that never ends would block the dialog's heals.
    if (request.method === 'INVITE' && !request.abandoned) {
      request.timer = wheel.arm(this.#inviteLimit, request.id, request.sentAtMs + timers.t1x64Ms);
    }
  }

  #inviteLimitReached(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined || request.place !== 'sent') return;
    request.timer = 0;
    const tx = this.#parts.clients.get(request.txId);
    if (tx !== undefined) this.#parts.clients.cancel(tx);
  }
}

const endedWhileWaitingText = 'The dialog ended while the request waited.';
const outOfNumbersText = 'The dialog has no CSeq number left but for BYE.';
