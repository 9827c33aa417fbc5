import { resilienceTag } from '../dialog/abilities.ts';
import { Part } from '../dialog/record.ts';
import { RouteSetBuilder } from '../dialog/route-set.ts';
import { emptySlice, type Slice } from '../dialog/slice.ts';
import type { DialogIndex } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { movesTarget, noteMove } from '../dialog/target-moves.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { nextHop, refreshTarget } from '../recovery/next-hop.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { Parts } from './parts.ts';
import type { Trust } from './trust.ts';

/**
 * What a peer's refresh does to target and route set.
 *
 * The route set is rewritten only for a peer that offers the option tag, for a sender that is trusted, with SIP and SIPS URIs of
 * loose routers, SIPS alone where the dialog is secure, and at most 30 of them; all else is RFC 3261: the target alone. Without
 * Record-Route the set becomes empty if ours is broken.
 *
 * @see RFC 3261 §12.2.2; [MS-SIPRE] §3.7.5.3.4, of which this is the other side
 */
export class RouteAdoption {
  readonly #parts: Parts;
  readonly #trust: Trust;
  readonly #routes = new RouteSetBuilder();

  constructor(parts: Parts, trust: Trust) {
    this.#parts = parts;
    this.#trust = trust;
  }

  /** The challenge to a refresh that would rewrite the route and must prove that it may: the header lines of a 401. */
  challenge(tx: ServerTransaction, request: Message, dialog: DialogIndex): string | undefined {
    if (this.#trust.has(tx)) return undefined;
    const offered = this.#offered(request, dialog);
    if (offered === undefined || !this.#changes(dialog, offered)) return undefined;
    return this.#trust.challenge(tx, request, dialog);
  }

  /** Takes what a refresh that we accept brings; true when the dialog has a new route by it, or its broken one back. */
  adopt(tx: ServerTransaction, request: Message, dialog: DialogIndex): boolean {
    const { table, hops, refusals, remote, healer } = this.#parts;
    const offered = this.#offered(request, dialog);
    const routes = this.#trust.has(tx) ? offered : undefined;
    if (routes === undefined) {
      if (offered !== undefined && this.#changes(dialog, offered))
        refusals.count('refusedRoutes', 'Sender Not Trusted', remote(tx.flow));
      if (refreshTarget(table, hops, dialog, request)) healer.hopChanged(dialog);
      return false;
    }
    const changes = this.#changes(dialog, routes);
    const target = targetOf(request);
    const moves = target !== undefined && movesTarget(table, dialog, request);
    if (!table.update(dialog, target, routes, undefined)) return false;
    if (moves) noteMove(table, dialog, request);
    const next = nextHop(table, hops, dialog, this.#trust.hopOf(tx));
    if (next !== undefined) hops.attach(dialog, next);
    return changes;
  }

  /** The route set that a refresh brings, if it is one that we would take from somebody. */
  #offered(request: Message, dialog: DialogIndex): Slice | undefined {
    const { table, policy } = this.#parts;
    if (policy !== 'ms-sipre' || !request.hasToken(HeaderId.Supported, resilienceTag)) return undefined;
    const recorded = this.#routes.fromRequest(request);
    if (recorded === undefined || table.exposes(dialog, targetOf(request), recorded)) return undefined;
    if (this.#routes.count > 0) return this.#routes.loose() ? recorded : undefined;
    return this.#isRecovering(dialog) ? emptySlice : undefined;
  }

  #changes(dialog: DialogIndex, { bytes, start, end }: Slice): boolean {
    const { table } = this.#parts;
    return this.#isRecovering(dialog) || !table.records.equals(table.block(dialog), Part.routes, bytes, start, end);
  }

  #isRecovering(dialog: DialogIndex): boolean {
    return this.#parts.healer.health.recovering[dialog] === 1;
  }
}
