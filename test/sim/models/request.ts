import type { Header, Message } from './message.ts';
import { write } from './write.ts';

/** A request that is to be sent; a Via of the sender's own comes in front of its headers. */
export interface Request {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

export function writeRequest(request: Request, via: string): Uint8Array {
  return write(`${request.method} ${request.uri} SIP/2.0`, [['Via', via], ...request.headers], request.body);
}

/** The ACK of a response that is no 2xx, hop by hop (RFC 3261 §17.1.1.3). */
export function ackOf(request: Request, response: Message): Request {
  return companion(request, 'ACK', response.header('to'));
}

/** @see RFC 3261 §9.1 */
export function cancelOf(request: Request): Request {
  return companion(request, 'CANCEL');
}

function companion(request: Request, method: string, to?: string): Request {
  const headers: Header[] = [['Max-Forwards', '70']];
  for (const [name, value] of request.headers) {
    if (name === 'CSeq') headers.push([name, `${value.split(' ', 1)[0]} ${method}`]);
    else if (name === 'To') headers.push([name, to ?? value]);
    else if (name === 'From' || name === 'Call-ID' || name === 'Route') headers.push([name, value]);
  }
  return { method, uri: request.uri, headers, body: '' };
}
