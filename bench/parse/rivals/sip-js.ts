import type { FieldSink } from '../fields.ts';
import type { Parser } from '../parser.ts';
import { type Grammar, type GrammarMessage, tellAddresses, type Uri, wholeUri } from './grammar.ts';
import { tellSessionExpires } from './session-expires.ts';

/** What we use of SIP.js's incoming message. */
interface Message extends GrammarMessage {
  readonly method: string;
  readonly ruri: Uri;
  readonly via: { readonly transport: string; readonly host: string; readonly port?: number };
  readonly viaBranch: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly callId: string;
  readonly cseq: number;
  getHeader(name: string): string | undefined;
}

interface ParserModule {
  readonly Parser: { parseMessage(text: string, logger: Logger): Message | undefined };
}

interface GrammarModule {
  readonly Grammar: Grammar;
}

interface Logger {
  warn(message: string): void;
  error(message: string): void;
}

const logger: Logger = { warn: refuse, error: refuse };

function refuse(message: string): void {
  throw new Error(`sip.js cannot read it: ${message}`);
}

/** Takes a string, as a WebSocket gives it. */
export async function loadSipJs(): Promise<Parser> {
  const { Parser } = await load<ParserModule>('sip.js/lib/core/messages/parser.js');
  const { Grammar } = await load<GrammarModule>('sip.js/lib/grammar/grammar.js');
  return {
    name: 'sip.js',
    read(bytes: Uint8Array, into: FieldSink): void {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
      const message = Parser.parseMessage(text, logger);
      if (message === undefined) throw new Error('sip.js cannot read it');
      into.text(message.method);
      into.uri(message.ruri, wholeUri);
      into.word(message.via.transport);
      into.text(message.via.host);
      into.number(message.via.port);
      into.text(message.viaBranch);
      into.text(message.fromTag);
      into.text(message.toTag);
      into.text(message.callId);
      into.number(message.cseq);
      into.text(message.parseHeader('cseq').method);
      tellAddresses(message, Grammar, into);
      tellSessionExpires(message.getHeader('session-expires'), into);
    },
  };
}

/** By a name that the compiler does not follow: the package may be missing, and these files have no public types. */
function load<M>(name: string): Promise<M> {
  return import(name);
}
