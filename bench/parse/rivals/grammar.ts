import type { FieldSink } from '../fields.ts';

/** What JsSIP and SIP.js, which come from one code, have in common. */
export interface GrammarMessage {
  getHeaders(name: string): readonly string[];
  parseHeader(name: 'contact' | 'record-route', index?: number): NameAddr | undefined;
  parseHeader(name: 'cseq'): { readonly method: string };
}

export interface Grammar {
  /** -1 when the value breaks the rule. */
  parse(value: string, rule: 'Record_Route'): readonly { readonly parsed: NameAddr }[] | -1;
}

export interface Uri {
  readonly host: string;
}

interface NameAddr {
  readonly uri: Uri;
}

export const wholeUri = (uri: Uri): string => String(uri);

/** Tells Contact, Route and Record-Route. */
export function tellAddresses(message: GrammarMessage, grammar: Grammar, into: FieldSink): void {
  const contact = message.parseHeader('contact');
  if (contact === undefined) into.text('');
  else into.uri(contact.uri, wholeUri);
  // Route is kept as it came: it is left to the user to read it, by the rule of Record-Route.
  let routeCount = 0;
  for (const line of message.getHeaders('route')) {
    const routes = grammar.parse(line, 'Record_Route');
    if (routes === -1) throw new Error('Route breaks the grammar');
    for (const { parsed } of routes) into.uri(parsed.uri, wholeUri);
    routeCount += routes.length;
  }
  into.number(routeCount);
  const recordRouteCount = message.getHeaders('record-route').length;
  for (let i = 0; i < recordRouteCount; i++) {
    const parsed = message.parseHeader('record-route', i);
    if (parsed !== undefined) into.uri(parsed.uri, wholeUri);
  }
  into.number(recordRouteCount);
}
