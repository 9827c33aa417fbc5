/** Why a message is not taken. */
export type RefusalReason =
  | 'empty'
  | 'start-line'
  | 'version'
  | 'request-uri'
  | 'status-code'
  | 'line-ending'
  | 'header-line'
  | 'head-incomplete'
  | 'head-too-large'
  | 'body-too-large'
  | 'too-many-headers'
  | 'via-missing'
  | 'via-malformed'
  | 'from-missing'
  | 'from-repeated'
  | 'from-malformed'
  | 'to-missing'
  | 'to-repeated'
  | 'to-malformed'
  | 'call-id-missing'
  | 'call-id-repeated'
  | 'call-id-malformed'
  | 'cseq-missing'
  | 'cseq-repeated'
  | 'cseq-malformed'
  | 'cseq-method'
  | 'method'
  | 'content-length'
  | 'body-truncated';

/** What was wrong with a message, as data: a peer's mistake is never an exception. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** The status to answer a request with; a response is dropped. */
  readonly status: number;
  /** A Reason-Phrase that names the fault. @see RFC 3261 §21.4.1 */
  readonly phrase: string;
}

/** One shared object for each reason, so that refusing costs nothing. */
export const refusals: { readonly [R in RefusalReason]: Refusal } = {
  empty: { reason: 'empty', status: 400, phrase: 'Empty Message' },
  'start-line': { reason: 'start-line', status: 400, phrase: 'Malformed Start Line' },
  version: { reason: 'version', status: 505, phrase: 'Version Not Supported' },
  'request-uri': { reason: 'request-uri', status: 400, phrase: 'Malformed Request-URI' },
  'status-code': { reason: 'status-code', status: 400, phrase: 'Malformed Status Code' },
  'line-ending': { reason: 'line-ending', status: 400, phrase: 'Line Not Ended by CRLF' },
  'header-line': { reason: 'header-line', status: 400, phrase: 'Malformed Header Line' },
  'head-incomplete': { reason: 'head-incomplete', status: 400, phrase: 'No Empty Line After the Header' },
  'head-too-large': { reason: 'head-too-large', status: 513, phrase: 'Message Too Large' },
  'body-too-large': { reason: 'body-too-large', status: 413, phrase: 'Request Entity Too Large' },
  'too-many-headers': { reason: 'too-many-headers', status: 513, phrase: 'Too Many Header Fields' },
  'via-missing': { reason: 'via-missing', status: 400, phrase: 'Missing Via' },
  'via-malformed': { reason: 'via-malformed', status: 400, phrase: 'Malformed Via' },
  'from-missing': { reason: 'from-missing', status: 400, phrase: 'Missing From' },
  'from-repeated': { reason: 'from-repeated', status: 400, phrase: 'More Than One From' },
  'from-malformed': { reason: 'from-malformed', status: 400, phrase: 'Malformed From' },
  'to-missing': { reason: 'to-missing', status: 400, phrase: 'Missing To' },
  'to-repeated': { reason: 'to-repeated', status: 400, phrase: 'More Than One To' },
  'to-malformed': { reason: 'to-malformed', status: 400, phrase: 'Malformed To' },
  'call-id-missing': { reason: 'call-id-missing', status: 400, phrase: 'Missing Call-ID' },
  'call-id-repeated': { reason: 'call-id-repeated', status: 400, phrase: 'More Than One Call-ID' },
  'call-id-malformed': { reason: 'call-id-malformed', status: 400, phrase: 'Malformed Call-ID' },
  'cseq-missing': { reason: 'cseq-missing', status: 400, phrase: 'Missing CSeq' },
  'cseq-repeated': { reason: 'cseq-repeated', status: 400, phrase: 'More Than One CSeq' },
  'cseq-malformed': { reason: 'cseq-malformed', status: 400, phrase: 'Malformed CSeq' },
  'cseq-method': { reason: 'cseq-method', status: 400, phrase: 'CSeq Names Another Method' },
  // Which of the two is meant, nobody can tell; no server does the one of the start line. @see RFC 4475 §3.1.2.18
  method: { reason: 'method', status: 501, phrase: 'Not Implemented' },
  'content-length': { reason: 'content-length', status: 400, phrase: 'Malformed Content-Length' },
  'body-truncated': { reason: 'body-truncated', status: 400, phrase: 'Body Shorter Than Content-Length' },
};
