import type { Header, Message } from './message.ts';

/** Writes a message. Content-Length is the writer's own: one among the headers is left out. */
export function write(startLine: string, headers: readonly Header[], body = ''): Uint8Array {
  let text = `${startLine}\r\n`;
  for (const [name, value] of headers) if (name !== 'Content-Length') text += `${name}: ${value}\r\n`;
  return finished(text, body);
}

/** What a response may have besides what it copies. */
export interface ResponseParts {
  /** For a request whose To has none; not for 100. */
  readonly toTag?: string;
  /** In place of the first line of Via. */
  readonly via?: string;
  readonly headers?: readonly Header[];
  readonly body?: string;
}

/** Writes the response to a request: Via, From, To, Call-ID and CSeq are the request's (RFC 3261 §8.2.6.2). */
export function writeResponse(request: Message, status: number, parts: ResponseParts = {}): Uint8Array {
  const { toTag = '', headers = [], body = '', via } = parts;
  let text = `SIP/2.0 ${status} ${reasonOf(status)}\r\n`;
  let isFirst = via !== undefined;
  for (const [name, value] of request.headers) {
    if (!copiedNames.has(name)) continue;
    const isStamped = isFirst && name === 'Via';
    if (isStamped) isFirst = false;
    text += `${name}: ${isStamped ? via : value}`;
    text += name === 'To' && toTag !== '' && request.toTag === '' ? `;tag=${toTag}\r\n` : '\r\n';
  }
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return finished(text, body);
}

function finished(text: string, body: string): Uint8Array {
  return Buffer.from(`${text}Content-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
}

export function reasonOf(status: number): string {
  return reasons.get(status) ?? reasons.get(Math.floor(status / 100) * 100) ?? '';
}

const copiedNames: ReadonlySet<string> = new Set(['Via', 'From', 'To', 'Call-ID', 'CSeq']);

const reasons: ReadonlyMap<number, string> = new Map([
  [100, 'Trying'],
  [180, 'Ringing'],
  [183, 'Session Progress'],
  [200, 'OK'],
  [300, 'Multiple Choices'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [408, 'Request Timeout'],
  [420, 'Bad Extension'],
  [422, 'Session Interval Too Small'],
  [430, 'Flow Failed'],
  [481, 'Call/Transaction Does Not Exist'],
  [482, 'Loop Detected'],
  [483, 'Too Many Hops'],
  [486, 'Busy Here'],
  [487, 'Request Terminated'],
  [488, 'Not Acceptable Here'],
  [491, 'Request Pending'],
  [500, 'Server Internal Error'],
  [501, 'Not Implemented'],
  [503, 'Service Unavailable'],
  [600, 'Busy Everywhere'],
  [603, 'Decline'],
]);
