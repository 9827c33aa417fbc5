import { Message, type Refusal } from '../../core/message/message.ts';

const encoder = new TextEncoder();

/** The octets of a message given line by line: joined by CRLF. */
export function octets(...lines: string[]): Uint8Array {
  return encoder.encode(lines.join('\r\n'));
}

/** Header lines by name: several for a list, none for undefined. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

const usual: Fields = {
  Via: 'SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bK776asdhds',
  From: 'Alice <sip:alice@atlanta.example.com>;tag=1928301774',
  To: 'Bob <sip:bob@biloxi.example.com>;tag=a6c85cf',
  'Call-ID': 'a84b4c76e66710@pc33.atlanta.example.com',
  CSeq: '314159 UPDATE',
};

function message(startLine: string, fields: Fields, body: string): Uint8Array {
  const lines = [startLine];
  for (const [name, value] of Object.entries({ ...usual, ...fields })) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  return octets(...lines, '', body);
}

/** An UPDATE with the header fields that every request has, changed and added to by `fields`. */
export function update(fields: Fields = {}, body = ''): Uint8Array {
  return message('UPDATE sip:bob@192.0.2.4 SIP/2.0', fields, body);
}

/** A request of another start line. */
export function request(startLine: string, fields: Fields = {}, body = ''): Uint8Array {
  return message(startLine, fields, body);
}

/** A response to that UPDATE. */
export function response(statusLine: string, fields: Fields = {}, body = ''): Uint8Array {
  return message(statusLine, fields, body);
}

/** `bytes` scanned by a message of its own, which must take them. */
export function scanned(bytes: Uint8Array): Message {
  const result = new Message();
  const refusal = result.scan(bytes);
  if (refusal !== undefined) throw new Error(`refused: ${refusal.reason}`);
  return result;
}

/** Why `bytes` are refused: 'status reason', or 'taken'. */
export function verdict(bytes: Uint8Array): string {
  const refusal: Refusal | undefined = new Message().scan(bytes);
  return refusal === undefined ? 'taken' : `${refusal.status} ${refusal.reason}`;
}
