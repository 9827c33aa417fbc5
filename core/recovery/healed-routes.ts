import { RouteSetBuilder } from '../dialog/route-set.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { isOlderTarget, movesTarget, namesTarget, noteMove, outdateAnswers } from '../dialog/target-moves.ts';
import type { Message } from '../message/message.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import type { HealRequests } from './heal-requests.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { nextHop } from './next-hop.ts';
import type { Replacements } from './replacements.ts';
import type { RouteSetPolicy } from './route-set-policy.ts';

/** Takes routes from the answers to heals. @see [MS-SIPRE] §3.7.5.3.4; RFC 3261 §12.1.2 */
export class HealedRoutes {
  readonly #table: DialogTable;
  readonly #hops: Hops;
  readonly #policy: RouteSetPolicy;
  readonly #requests: HealRequests;
  readonly #replacements: Replacements;
  readonly #routes = new RouteSetBuilder();

  constructor(options: {
    readonly table: DialogTable;
    readonly hops: Hops;
    readonly policy: RouteSetPolicy;
    readonly requests: HealRequests;
    readonly replacements: Replacements;
  }) {
    this.#table = options.table;
    this.#hops = options.hops;
    this.#policy = options.policy;
    this.#requests = options.requests;
    this.#replacements = options.replacements;
  }

  /**
   * Whether a 2xx names another remote target than the peer has moved to while the heal was under way: the 2xx is the older word then. It
   * may have been sent again long after, or by whoever had the dialog before.
   */
  isOlder(dialog: DialogIndex, message: Message): boolean {
    return targetOf(message) !== undefined && isOlderTarget(this.#table, dialog, message);
  }

  /** Takes the new route from the 2xx to a heal by `hop`. False when what it carries cannot be a route. */
  adopt(tx: ClientTransaction, message: Message, hop: Hop): boolean {
    const table = this.#table;
    const dialog = tx.owner;
    if (message.contact.presence === 'malformed') return false;
    // A new dialog has a route set of its own, whatever the policy.
    const replaces = this.#replacements.isUnderWay(dialog);
    const keepsRoutes = this.#policy === 'rfc3261' && !replaces;
    const recorded = keepsRoutes ? undefined : this.#routes.fromResponse(message);
    if (replaces && recorded === undefined) return false;
    if (this.#policy === 'ms-sipre' && (recorded === undefined || !this.#routes.loose())) return false;
    const isNone = recorded !== undefined && this.#routes.count === 0;
    const routes = isNone ? this.#requests.routeOf(tx) : recorded;
    if (replaces && !this.#replacements.accept(dialog, message)) return false;
    // The far end's move may have come by whom no route is taken from.
    const isSame = namesTarget(table, dialog, message);
    const isOlder = !isSame && !replaces && isOlderTarget(table, dialog, message);
    const target = isSame || isOlder ? undefined : targetOf(message);
    const moves = target !== undefined && movesTarget(table, dialog, message);
    if (!table.update(dialog, target, routes, undefined)) return false;
    if (replaces) outdateAnswers(table, dialog);
    else if (moves) noteMove(table, dialog, message);
    this.#hops.attach(dialog, nextHop(table, this.#hops, dialog, hop) ?? hop);
    return true;
  }
}
