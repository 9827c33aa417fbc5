import { createRequire } from 'node:module';
import type { FieldSink } from '../fields.ts';
import type { Parser } from '../parser.ts';
import { type Grammar, type GrammarMessage, tellAddresses, type Uri, wholeUri } from './grammar.ts';

/** What we use of JsSIP's incoming message. */
interface Message extends GrammarMessage {
  readonly method: string;
  readonly ruri: Uri;
  readonly via: { readonly transport: string; readonly host: string; readonly port?: number };
  readonly via_branch: string;
  readonly from_tag?: string;
  readonly to_tag?: string;
  readonly call_id: string;
  readonly cseq: number;
  readonly session_expires?: number;
  readonly session_expires_refresher?: string;
}

/** Takes a string, as a WebSocket gives it. */
export function loadJssip(): Parser {
  const require = createRequire(import.meta.url);
  const { parseMessage } = require('jssip/lib/Parser.js') as { parseMessage(text: string): Message | undefined };
  const grammar = require('jssip/lib/Grammar.js') as Grammar;
  return {
    name: 'jssip',
    read(bytes: Uint8Array, into: FieldSink): void {
      const message = parseMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
      if (message === undefined) throw new Error('jssip cannot read it');
      into.text(message.method);
      into.uri(message.ruri, wholeUri);
      into.word(message.via.transport);
      into.text(message.via.host);
      into.number(message.via.port);
      into.text(message.via_branch);
      into.text(message.from_tag);
      into.text(message.to_tag);
      into.text(message.call_id);
      into.number(message.cseq);
      into.text(message.parseHeader('cseq').method);
      tellAddresses(message, grammar, into);
      into.number(message.session_expires);
      into.word(message.session_expires_refresher);
    },
  };
}
