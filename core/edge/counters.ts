import { type ConnectionCounters, noConnectionCounts } from '../engine/counters.ts';

/**
 * What an edge has done since it started. Each message that comes in is counted once as forwarded, answered, refused or dropped; those that
 * come to nothing after they were forwarded are counted as `returned` or `shed` as well.
 */
export interface EdgeCounters extends ConnectionCounters {
  /** Requests sent on, retransmissions too. */
  forwardedRequests: number;
  forwardedResponses: number;
  /** OPTIONS for the edge itself, or with Max-Forwards 0. */
  answered200: number;
  /** Malformed requests. */
  refused400: number;
  /** A stranger's wishes: outside a dialog, with a route that is not its dialog's, or for none of its sides. */
  refused403: number;
  /** Requests for a name, for the edge itself where there is no default target, or by a transport that it does not have. */
  refused404: number;
  /** 413 and 513: messages that are too large for us, or for UDP. */
  refused413: number;
  /** Schemes that we do not understand, and `sips`, which would need TLS. */
  refused416: number;
  /** Proxy-Require, or Require of an OPTIONS for the edge: no extension is understood. */
  refused420: number;
  /** Told to who offers the option tag: the three that follow, together. */
  refused430: number;
  /** 430 with Dialog-Route-Set-Update: the token is none of ours, or the flow of the request's own sender has changed. */
  askedDialogUpdate: number;
  /** 430 with Wait-For-Session-Update: the destination's flow is lost. */
  askedToWait: number;
  /** 430 with Registration-Route-Set-Update and Dialog-Route-Set-Update: the registration of the request's sender is lost. */
  askedRegistrationUpdate: number;
  /** A lost destination, told to what is in no dialog. */
  refused480: number;
  /** What 430 says, told to who does not offer the option tag. */
  refused481: number;
  /** Requests that have been here before and would go the same way again. */
  refused482: number;
  /** Max-Forwards 0. */
  refused483: number;
  /** Any other status, such as 505. */
  refusedOther: number;
  /** Requests that waited for a flow which did not come: answered as the lost destination would be. */
  returned: number;
  /** What is no SIP message, or a malformed one that gets no answer. */
  droppedMalformed: number;
  /** Responses to nothing that we forwarded. */
  droppedResponses: number;
  /** ACKs that lead nowhere, or that acknowledge an answer of ours. */
  droppedAcks: number;
  /** Messages that had no room to wait for a flow, or waited for one that did not come and can have no answer. */
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
    refused413: 0,
    refused416: 0,
    refused420: 0,
    refused430: 0,
    askedDialogUpdate: 0,
    askedToWait: 0,
    askedRegistrationUpdate: 0,
    refused480: 0,
    refused481: 0,
    refused482: 0,
    refused483: 0,
    refusedOther: 0,
    returned: 0,
    droppedMalformed: 0,
    droppedResponses: 0,
    droppedAcks: 0,
    shed: 0,
    ...noConnectionCounts(),
  };
}

/** A counter of something that an edge reports as refused. What it asks to heal, and destinations that are lost, it tells otherwise. */
export type EdgeRefusalCounter =
  | keyof ConnectionCounters
  | 'refused400'
  | 'refused403'
  | 'refused404'
  | 'refused413'
  | 'refused416'
  | 'refused420'
  | 'refused482'
  | 'refused483'
  | 'refusedOther'
  | 'droppedMalformed'
  | 'droppedResponses';

/** Whether an answer of the edge's own refuses what its sender should not have sent. */
export function isRefusal(counter: AnswerCounter): counter is AnswerCounter & EdgeRefusalCounter {
  return counter !== 'answered200' && counter !== 'refused430' && counter !== 'refused480' && counter !== 'refused481';
}

type AnswerCounter = Extract<keyof EdgeCounters, `answered${string}` | `refused${string}`>;

/** The counter of an answer of the edge's own. */
export function counterOf(status: number): AnswerCounter {
  switch (status) {
    case 200:
      return 'answered200';
    case 400:
      return 'refused400';
    case 403:
      return 'refused403';
    case 404:
      return 'refused404';
    case 413:
    case 513:
      return 'refused413';
    case 416:
      return 'refused416';
    case 420:
      return 'refused420';
    case 430:
      return 'refused430';
    case 480:
      return 'refused480';
    case 481:
      return 'refused481';
    case 482:
      return 'refused482';
    case 483:
      return 'refused483';
    default:
      return 'refusedOther';
  }
}
