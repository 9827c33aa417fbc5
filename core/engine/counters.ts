import type { SipErrorCode } from '../errors.ts';

/** What became of connections that peers opened and did not use well. */
export interface ConnectionCounters {
  /** Connections closed, and flows forgotten, that carried nothing: no message came in time, or a newer one needed the place. */
  closedIdle: number;
  /** Connections closed because a message took too long to come. */
  closedSlow: number;
  /** Connections closed because what came was no SIP, or nothing could be read behind it. */
  closedUnreadable: number;
  /** Connections closed because their peer left what was sent to it unread. */
  closedCongested: number;
  /** Connections turned away because there was no room for them, and those closed because they brought more than could be worked off. */
  closedOverloaded: number;
}

/**
 * What a stack has received, sent and refused since it started. The numbers only grow. A message is counted under what it was refused for
 * each time that it comes; what the program refuses is not counted.
 */
export interface EngineCounters extends ConnectionCounters {
  /** Well-formed ones, repetitions too. */
  receivedRequests: number;
  receivedResponses: number;
  /** Repetitions and probes too. */
  sentRequests: number;
  sentResponses: number;
  /** Flows that were asked for: with TCP, attempts to connect or to use a connection that there is. */
  openedFlows: number;
  /** Requests that came again while their transaction was known, and were not carried out again. */
  repeatedRequests: number;
  /** Answers that were forgotten before their time, since the table was full: had their requests come again, they would have been new. */
  forgottenAnswers: number;
  /** What is no SIP message, a malformed response, or a malformed request that gets no answer. */
  droppedMalformed: number;
  /** Responses to nothing that we have sent, or not by the way that it went. */
  droppedResponses: number;
  /** Of these, 430s: who forges one wants us to heal. */
  dropped430: number;
  /** ACKs of no answer of ours. */
  droppedAcks: number;
  /** Malformed requests, and those of another version of SIP (505). */
  refused400: number;
  /** Refreshes that would have rewritten a route set, and were asked for a proof. */
  refused401: number;
  /** Of these, the ones that had brought a wrong proof, or one that had been used before. */
  failedProofs: number;
  /** 405 and 501: methods that we do not serve, there or at all. */
  refused405: number;
  /** 413 and 513: messages that are too large. */
  refused413: number;
  /** Bodies that describe no session. */
  refused415: number;
  /** Schemes that we do not understand. */
  refused416: number;
  /** Extensions that we do not have. */
  refused420: number;
  /** Session intervals that are too small. */
  refused422: number;
  /** Calls to a program without `onCall`. */
  refused480: number;
  /** Requests in dialogs, or for transactions, that we do not have. */
  refused481: number;
  /** Copies of a request that came before by another path. */
  refused482: number;
  /** Requests in dialogs whose CSeq is not above the last: old ones that somebody sends again. */
  refused500: number;
  /** For want of room, or because the stack is closing. */
  refused503: number;
  /** Any other status. */
  refusedOther: number;
  /** Refreshes of senders without trust that would have rewritten a route set: carried out without doing so. */
  refusedRoutes: number;
}

/** A counter of something refused. */
export type RefusalCounter = Exclude<
  keyof EngineCounters,
  | 'receivedRequests'
  | 'receivedResponses'
  | 'sentRequests'
  | 'sentResponses'
  | 'openedFlows'
  | 'repeatedRequests'
  | 'forgottenAnswers'
>;

export function noConnectionCounts(): ConnectionCounters {
  return { closedIdle: 0, closedSlow: 0, closedUnreadable: 0, closedCongested: 0, closedOverloaded: 0 };
}

export function noCounts(): EngineCounters {
  return {
    receivedRequests: 0,
    receivedResponses: 0,
    sentRequests: 0,
    sentResponses: 0,
    openedFlows: 0,
    repeatedRequests: 0,
    forgottenAnswers: 0,
    droppedMalformed: 0,
    droppedResponses: 0,
    dropped430: 0,
    droppedAcks: 0,
    refused400: 0,
    refused401: 0,
    failedProofs: 0,
    refused405: 0,
    refused413: 0,
    refused415: 0,
    refused416: 0,
    refused420: 0,
    refused422: 0,
    refused480: 0,
    refused481: 0,
    refused482: 0,
    refused500: 0,
    refused503: 0,
    refusedOther: 0,
    refusedRoutes: 0,
    ...noConnectionCounts(),
  };
}

/** The counter of an answer by which the stack refuses a request. */
export function counterOf(status: number): RefusalCounter {
  switch (status) {
    case 400:
    case 505:
      return 'refused400';
    case 401:
      return 'refused401';
    case 405:
    case 501:
      return 'refused405';
    case 413:
    case 513:
      return 'refused413';
    case 415:
      return 'refused415';
    case 416:
      return 'refused416';
    case 420:
      return 'refused420';
    case 422:
      return 'refused422';
    case 480:
      return 'refused480';
    case 481:
      return 'refused481';
    case 482:
      return 'refused482';
    case 500:
      return 'refused500';
    case 503:
      return 'refused503';
    default:
      return 'refusedOther';
  }
}

/** The counter of a flow that ended because its peer did not use it well; undefined where it was lost otherwise. */
export function counterOfLoss(code: SipErrorCode): keyof ConnectionCounters | undefined {
  switch (code) {
    case 'SIP_FLOW_IDLE':
      return 'closedIdle';
    case 'SIP_FLOW_SLOW':
      return 'closedSlow';
    case 'SIP_FRAMING_LOST':
    case 'SIP_MESSAGE_TOO_LARGE':
      return 'closedUnreadable';
    case 'SIP_FLOW_CONGESTED':
      return 'closedCongested';
    case 'SIP_OVERLOADED':
      return 'closedOverloaded';
    default:
      return undefined;
  }
}
