import type { Address } from '../contract.ts';

/** What an edge reports. */
export type EdgeEvent =
  /** Nothing reaches `address` any more: requests for it get 430 with Wait-For-Session-Update, or 480. */
  | { readonly kind: 'destination-lost'; readonly address: Address }
  /** It was heard from again. */
  | { readonly kind: 'destination-returned'; readonly address: Address };

/** What an edge has done since it started. Each message is counted once, but those that are shed after they were forwarded. */
export interface EdgeCounters {
  /** Requests sent on, retransmissions too. */
  forwardedRequests: number;
  forwardedResponses: number;
  /** OPTIONS for the edge itself. */
  answered200: number;
  /** Malformed requests. */
  refused400: number;
  /** A stranger's wishes. */
  refused403: number;
  /** Requests for a domain that is not ours and whose address we do not know. */
  refused404: number;
  /** Lost state, or a lost destination, told to who offers the option tag. */
  refused430: number;
  /** A lost destination, told to who does not. */
  refused480: number;
  /** Lost state, told to who does not. */
  refused481: number;
  /** Too many hops, extensions and schemes that we do not know, and messages that are too large. */
  refusedOther: number;
  /** Messages that get no answer: malformed ones, stray responses, ACKs that lead nowhere. */
  dropped: number;
  /** Messages that waited for a flow which did not come, or had no room to wait. */
  shed: number;
}

export function noCounts(): EdgeCounters {
  return {
    forwardedRequests: 0,
    forwardedResponses: 0,
    answered200: 0,
    refused400: 0,
    refused403: 0,
    refused404: 0,
    refused430: 0,
    refused480: 0,
    refused481: 0,
    refusedOther: 0,
    dropped: 0,
    shed: 0,
  };
}
