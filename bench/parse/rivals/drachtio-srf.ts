import { createRequire } from 'node:module';
import type { FieldSink } from '../fields.ts';
import type { Parser } from '../parser.ts';
import { tellSessionExpires } from './session-expires.ts';

/** What we use of drachtio's message. */
interface SipMessage {
  readonly method: string;
  readonly uri: string;
  has(header: string): boolean;
  get(header: string): string;
  getParsedHeader(header: 'via'): readonly Via[];
  getParsedHeader(header: 'from' | 'to'): Address;
  getParsedHeader(header: 'contact'): readonly Address[];
  getParsedHeader(header: 'cseq'): { seq: number; method: string };
  getParsedHeader(header: 'route' | 'record-route'): readonly { uri: Uri }[];
}

interface Via {
  readonly protocol: string;
  readonly host: string;
  readonly port?: number;
  readonly params: { readonly branch?: string };
}

interface Address {
  readonly uri: string;
  readonly params: { readonly tag?: string };
}

interface Uri {
  readonly host: string;
}

/** Takes a string, as drachtio's wire protocol gives it; headers are parsed when they are asked for. */
export function loadDrachtioSrf(): Parser {
  const require = createRequire(import.meta.url);
  const Message = require('drachtio-srf/lib/sip-parser/message.js') as new (text: string) => SipMessage;
  const { stringifyUri } = require('drachtio-srf/lib/sip-parser/parser.js') as { stringifyUri(uri: Uri): string };
  return {
    name: 'drachtio-srf',
    read(bytes: Uint8Array, into: FieldSink): void {
      const message = new Message(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
      const via = message.getParsedHeader('via')[0];
      const cseq = message.getParsedHeader('cseq');
      into.text(message.method);
      into.text(message.uri);
      into.word(via?.protocol);
      into.text(via?.host);
      into.number(via?.port);
      into.text(via?.params.branch);
      into.text(message.getParsedHeader('from').params.tag);
      into.text(message.getParsedHeader('to').params.tag);
      into.text(message.get('call-id'));
      into.number(cseq.seq);
      into.text(cseq.method);
      into.text(message.getParsedHeader('contact')[0]?.uri);
      for (const name of ['route', 'record-route'] as const) {
        const list = message.has(name) ? message.getParsedHeader(name) : [];
        for (const { uri } of list) into.uri(uri, stringifyUri);
        into.number(list.length);
      }
      tellSessionExpires(message.get('session-expires'), into);
    },
  };
}
