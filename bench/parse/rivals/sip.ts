import { createRequire } from 'node:module';
import type { FieldSink } from '../fields.ts';
import type { Parser } from '../parser.ts';
import { tellSessionExpires } from './session-expires.ts';

/** What we use of npm's `sip`. */
interface Sip {
  parse(message: Uint8Array | string): SipMessage | undefined;
  stringifyUri(uri: SipUri): string;
}

interface SipMessage {
  readonly method: string;
  readonly uri: string;
  readonly headers: {
    readonly via: readonly { protocol: string; host: string; port?: number; params: { branch?: string } }[];
    readonly from: SipAddress;
    readonly to: SipAddress;
    readonly 'call-id': string;
    readonly cseq: { seq: number; method: string };
    readonly contact?: readonly SipAddress[];
    readonly route?: readonly { uri: SipUri }[];
    readonly 'record-route'?: readonly { uri: SipUri }[];
    readonly 'session-expires'?: string;
  };
}

interface SipAddress {
  readonly uri: string;
  readonly params: { readonly tag?: string };
}

interface SipUri {
  readonly host: string;
}

/** Takes the socket's Buffer, as its own transports give it. */
export function loadSip(): Parser {
  const { parse, stringifyUri } = createRequire(import.meta.url)('sip') as Sip;
  return {
    name: 'sip',
    read(bytes: Uint8Array, into: FieldSink): void {
      const message = parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      if (message === undefined) throw new Error('sip cannot read it');
      const { headers } = message;
      const via = headers.via[0];
      into.text(message.method);
      into.text(message.uri);
      into.word(via?.protocol);
      into.text(via?.host);
      into.number(via?.port);
      into.text(via?.params.branch);
      into.text(headers.from.params.tag);
      into.text(headers.to.params.tag);
      into.text(headers['call-id']);
      into.number(headers.cseq.seq);
      into.text(headers.cseq.method);
      into.text(headers.contact?.[0]?.uri);
      for (const list of [headers.route, headers['record-route']]) {
        for (const { uri } of list ?? []) into.uri(uri, stringifyUri);
        into.number(list?.length);
      }
      tellSessionExpires(headers['session-expires'], into);
    },
  };
}
