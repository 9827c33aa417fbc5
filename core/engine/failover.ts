import { Part } from '../dialog/record.ts';
import type { Message } from '../message/message.ts';
import type { Hop } from '../recovery/hop.ts';
import { isAlive } from '../recovery/hop-state.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import type { Parts } from './parts.ts';
import type { PendingRequest } from './pending-requests.ts';

/**
 * Other hops for requests inside dialogs of which nothing has left, or that their hop itself has refused: once each, and only where no
 * route says which hop it has to be.
 *
 * @see RFC 3263 §4.3
 */
export class Failover {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The hop that a request goes to; another one when its own is dead. */
  hopOf(request: PendingRequest): Hop | undefined {
    const own = this.#parts.hops.of(request.dialog);
    return own === undefined || isAlive(own) ? own : (this.#otherHop(request) ?? own);
  }

  /** Whether a request that was refused is to be sent again, to another hop. */
  takes(tx: ClientTransaction, request: PendingRequest, message: Message): boolean {
    const hop = holdRefusingHop(this.#parts, tx, message);
    if (hop === undefined || hop !== this.#parts.hops.of(request.dialog)) return false;
    return !request.abandoned && this.#otherHop(request) !== undefined;
  }

  /** The dialog's requests go there from then on. */
  #otherHop(request: PendingRequest): Hop | undefined {
    const { table, hops, policy } = this.#parts;
    const { dialog } = request;
    const own = hops.of(dialog);
    const block = table.block(dialog);
    const hasRoutes = table.records.end(block, Part.routes) > table.records.start(block, Part.routes);
    if (request.failedOver || hasRoutes || policy !== 'ms-sipre' || own?.listed !== true) return undefined;
    const other = hops.listed.find((hop) => hop !== own && hops.usable(hop));
    if (other === undefined) return undefined;
    request.failedOver = true;
    hops.attach(dialog, other);
    return other;
  }
}

/** A 503 is its hop's own word (RFC 3261 §16.7): the hop, which is left alone as long as it asks for; undefined for any other response. */
export function holdRefusingHop({ hops, wheel }: Parts, tx: ClientTransaction, message: Message): Hop | undefined {
  const hop = message.status === 503 ? hops.byFlow(tx.flow) : undefined;
  if (hop !== undefined) hops.hold(hop, wheel.nowMs + retryAfterMs(message));
  return hop;
}
