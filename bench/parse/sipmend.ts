import { decodeText } from '../../core/message/bytes.ts';
import { Message } from '../../core/message/message.ts';
import { UriList } from '../../core/message/uri-list.ts';
import type { FieldSink } from './fields.ts';
import type { Parser } from './parser.ts';

const message: Message = new Message();
const uris: UriList = new UriList();

/** Ours, as an engine uses it: one Message and one UriList for all that comes in. */
export const sipmend: Parser = {
  name: 'sipmend',
  read(bytes: Uint8Array, into: FieldSink): void {
    const refusal = message.scan(bytes);
    if (refusal !== undefined) throw new Error(refusal.phrase);
    const { via, callId, cseq, requestUri } = message;
    into.text(message.method);
    into.span(bytes, requestUri.start, requestUri.end);
    into.word(via.protocol);
    into.span(bytes, via.host.start, via.host.end);
    into.number(via.port);
    into.span(bytes, via.branch.start, via.branch.end);
    into.span(bytes, message.from.tag.start, message.from.tag.end);
    into.span(bytes, message.to.tag.start, message.to.tag.end);
    into.span(bytes, callId.start, callId.end);
    into.number(cseq.number);
    into.text(cseq.method);
    into.span(bytes, message.contact.uri.start, message.contact.uri.end);
    message.routes(uris);
    tellUris(bytes, into);
    message.recordRoutes(uris);
    tellUris(bytes, into);
    const { seconds, refresher } = message.sessionExpires;
    into.number(seconds);
    into.word(refresher);
  },
};

function tellUris(bytes: Uint8Array, into: FieldSink): void {
  const { count } = uris;
  for (let i = 0; i < count; i++) into.span(bytes, uris.uriStart(i), uris.uriEnd(i));
  into.number(count);
}

/** The same for a program that wants every field as a string, as npm's parsers give them anyway. */
export const sipmendAsStrings: Parser = {
  name: 'sipmend, as strings',
  read(bytes: Uint8Array, into: FieldSink): void {
    asStrings.into = into;
    sipmend.read(bytes, asStrings);
  },
};

/** Tells octets on as the string that they spell. */
class AsStrings implements FieldSink {
  into: FieldSink | undefined;

  text(value: string): void {
    this.into?.text(value);
  }

  word(value: string): void {
    this.into?.word(value);
  }

  number(value: number): void {
    this.into?.number(value);
  }

  span(bytes: Uint8Array, start: number, end: number): void {
    this.into?.text(decodeText(bytes, start, end));
  }

  uri<U extends { readonly host: string }>(uri: U, whole: (uri: U) => string): void {
    this.into?.uri(uri, whole);
  }
}

const asStrings: AsStrings = new AsStrings();
