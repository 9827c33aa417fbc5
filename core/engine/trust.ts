import type { FlowId } from '../contract.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { Hop } from '../recovery/hop.ts';
import type { Hops } from '../recovery/hops.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { Challenger } from './challenger.ts';

/**
 * Whom a peer's refresh may come from to rewrite a route set: `hops`, the listed ones and who proves itself; `dialog-tags`,
 * anybody who knows the tags of the dialog, for closed networks.
 */
export type TrustRule = 'hops' | 'dialog-tags';

/** Bits of a server transaction's mark. */
export const RequestMark = {
  /** The request came by another flow than its responses take: no word of that flow's hop. */
  cameByAnotherFlow: 1,
  /** It has passed our challenge. */
  proved: 2,
} as const;

/**
 * Who may rewrite a route: a listed hop, whoever passes our challenge, and what comes by a connection on which somebody has. On
 * UDP a proof is good for its request alone, since anybody can write the same source address.
 */
export class Trust {
  readonly #rule: TrustRule;
  readonly #challenger: Challenger | undefined;
  readonly #hops: Hops;
  readonly #table: DialogTable;
  readonly #failed: (flow: FlowId) => void;
  /** Connections on which a request has passed our challenge. */
  readonly #proved = new Set<FlowId>();

  constructor(options: {
    readonly rule: TrustRule;
    /** Undefined: nobody is asked for a proof. */
    readonly challenger: Challenger | undefined;
    readonly hops: Hops;
    readonly table: DialogTable;
    /** Hears of proofs that were wrong, or not to be used any more. */
    readonly failed: (flow: FlowId) => void;
  }) {
    this.#rule = options.rule;
    this.#challenger = options.challenger;
    this.#hops = options.hops;
    this.#table = options.table;
    this.#failed = options.failed;
  }

  /** Whether the sender of this request may rewrite a route. */
  has(tx: ServerTransaction): boolean {
    if (this.#rule === 'dialog-tags' || (tx.mark & RequestMark.proved) !== 0) return true;
    return this.hopOf(tx)?.listed === true || (!cameByAnotherFlow(tx) && this.#proved.has(tx.flow));
  }

  /** The hop that a request came from, if it was one. */
  hopOf(tx: ServerTransaction): Hop | undefined {
    return cameByAnotherFlow(tx) ? undefined : this.#hops.byFlow(tx.flow);
  }

  /** Asks a sender that is not trusted for a proof: the header lines of the 401, or undefined when it has one, or nobody is asked. */
  challenge(tx: ServerTransaction, request: Message, dialog: DialogIndex): string | undefined {
    if (this.#challenger === undefined) return undefined;
    const id = this.#table.id(dialog);
    const proof = this.#challenger.check(request, id);
    if (proof === 'wrong' || proof === 'stale') this.#failed(tx.flow);
    if (proof !== 'proved') return this.#challenger.lines(id, proof === 'stale');
    tx.mark |= RequestMark.proved;
    if (tx.reliable && !cameByAnotherFlow(tx)) this.#proved.add(tx.flow);
    return undefined;
  }

  flowLost(flow: FlowId): void {
    this.#proved.delete(flow);
  }

  dialogEnded(dialog: DialogIndex): void {
    this.#challenger?.dialogEnded(this.#table.id(dialog));
  }
}

function cameByAnotherFlow(tx: ServerTransaction): boolean {
  return (tx.mark & RequestMark.cameByAnotherFlow) !== 0;
}
