import { type NamesOf, needObject, shown } from './checks.ts';
import type { Content, Header } from './engine/command.ts';
import { UsageError } from './errors.ts';
import { isHeaderName, isHeaderValue } from './message/header.ts';

/** What a program adds to a message of its own. */
export interface MessageContent {
  /** Header fields beside those that the stack writes; a list gives one line each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Needed with a body, but for session descriptions: there it is `application/sdp` when left out. */
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
}

export const contentNames: NamesOf<MessageContent> = { headers: true, contentType: true, body: true };

/** What a body is where it can only be a session description. */
export const sdpType = 'application/sdp';

/** Its parameters are the program's affair. */
const mediaType = /^[\w.!%*+`'~-]+ ?\/ ?[\w.!%*+`'~-]+ *(?:;|$)/;

/** Header fields that the stack writes itself. */
const ownHeaders: ReadonlySet<string> = new Set([
  'via',
  'v',
  'from',
  'f',
  'to',
  't',
  'call-id',
  'i',
  'cseq',
  'contact',
  'm',
  'route',
  'record-route',
  'max-forwards',
  'content-length',
  'l',
  'content-type',
  'c',
  'supported',
  'k',
  'allow',
  'session-expires',
  'x',
  'min-se',
  'rseq',
  'rack',
]);

/** Checks what a program wants to add: it must not end a line or write a header of ours. */
export function contentOf(content: MessageContent, defaultType?: string): Content {
  const headers: Header[] = [];
  if (content.headers !== undefined) needObject('headers', content.headers);
  for (const [name, values] of Object.entries(content.headers ?? {})) {
    if (!isHeaderName(name)) throw new UsageError(`'${name}' is no header name (RFC 3261 §25.1).`);
    if (ownHeaders.has(name.toLowerCase())) throw new UsageError(`The stack writes ${name} itself.`);
    for (const value of Array.isArray(values) ? values : [values]) {
      if (typeof value !== 'string') throw new UsageError(`The value of ${name} is a text, not ${shown(value)}.`);
      if (!isHeaderValue(value)) throw new UsageError(`The value of ${name} has a line break or NUL in it.`);
      headers.push({ name, value });
    }
  }
  const { contentType } = content;
  if (contentType !== undefined && typeof contentType !== 'string')
    throw new UsageError(`contentType is a text, not ${shown(contentType)}.`);
  if (contentType !== undefined && !isHeaderValue(contentType))
    throw new UsageError('The content type has a line break or NUL in it.');
  if (contentType !== undefined && !mediaType.test(contentType))
    throw new UsageError(`contentType: '${contentType}' is no media type, such as application/sdp (RFC 3261 §20.15).`);
  if (content.body !== undefined && typeof content.body !== 'string' && !(content.body instanceof Uint8Array)) {
    throw new UsageError('The body is a string or a Uint8Array.');
  }
  const body =
    typeof content.body === 'string'
      ? new TextEncoder().encode(content.body)
      : content.body && Uint8Array.from(content.body);
  const hasBody = body !== undefined && body.length > 0;
  if (!hasBody) return { headers, contentType: undefined, body: undefined };
  const type = contentType ?? defaultType;
  if (type === undefined) throw new UsageError('A body needs its contentType.');
  return { headers, contentType: type, body };
}
