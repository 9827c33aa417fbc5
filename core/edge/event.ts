import type { Address } from '../contract.ts';
import type { RefusalReport } from '../engine/refusals.ts';
import type { EdgeRefusalCounter } from './counters.ts';

/** What an edge reports. */
export type EdgeEvent =
  /**
   * Nothing reaches `address`, a client or hop of the list, any more: requests inside a dialog for it get 430 with
   * Wait-For-Session-Update, or 481, all others 480.
   */
  | { readonly kind: 'destination-lost'; readonly address: Address }
  /** It was heard from again. */
  | { readonly kind: 'destination-returned'; readonly address: Address };

/** What a step of an edge tells. */
export type EdgeNews = EdgeEvent | { readonly kind: 'refused'; readonly report: RefusalReport<EdgeRefusalCounter> };
