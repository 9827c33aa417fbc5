import type { Address } from '../../../core/contract.ts';
import { changed, messageText, writtenText } from '../world/message-text.ts';
import { type SentMessage, valuesOf } from '../world/sent-message.ts';
import { type EdgeParty, edgeHost } from './edge-parties.ts';

/** So many of what was sent are remembered. */
const rememberedMax = 64;

/** A dialog through the edge, as its two ends know it. */
export interface EdgeDialog {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** URIs in angle brackets, as the caller's response has them. */
  readonly recorded: readonly string[];
  readonly callee: string;
  sequence: number;
}

/** All who talk through an edge, what they have got from it, and how they answer by themselves. */
export class EdgePeers {
  readonly parties: readonly EdgeParty[];
  /** What the edge has sent, its requests, and the dialogs that have come about: the newest first. */
  readonly sent: SentMessage[] = [];
  readonly requests: SentMessage[] = [];
  readonly dialogs: EdgeDialog[] = [];
  readonly #send: (party: EdgeParty, text: string) => void;
  #count = 0;

  constructor(parties: readonly EdgeParty[], send: (party: EdgeParty, text: string) => void) {
    this.parties = parties;
    this.#send = send;
  }

  calm(): void {
    for (const party of this.parties) party.mood = 'good';
  }

  named(name: string): EdgeParty {
    const party = this.parties.find((each) => each.name === name);
    if (party === undefined) throw new Error(`nobody is called ${name}`);
    return party;
  }

  at({ protocol, host, port }: Address): EdgeParty | undefined {
    return this.parties.find(
      ({ address }) => address.port === port && address.host === host && address.protocol === protocol,
    );
  }

  /** The edge has sent something. */
  hear(message: SentMessage, to: Address): void {
    remember(this.sent, message);
    if (message.isRequest) remember(this.requests, message);
    const party = this.at(to);
    if (party === undefined || party.mood === 'silent') return;
    if (!message.isRequest) this.#goOn(party, message);
    else if (party.mood === 'mirror') this.#send(party, message.text);
    else if (party.mood === 'proxy') this.#send(party, this.#proxied(party, message.text));
    else if (message.method !== 'ACK') this.reply(party, message, 200, '');
  }

  /** Answers a request as a user agent does. */
  reply(party: EdgeParty, request: SentMessage, status: number, changes: string): void {
    const { lines } = messageText(request.text);
    const copied = lines.filter((line) => /^(?:via|v|from|f|call-id|i|cseq|record-route)[ \t]*:/i.test(line));
    const to = firstOf(request.text, 'To');
    const tag = request.toTag === '' && status > 100 ? `;tag=${party.name}` : '';
    const own = [`To: ${to}${tag}`, `Contact: <${party.uri}>`];
    const message = { start: `SIP/2.0 ${status} Because`, lines: [...copied, ...own], body: '' };
    this.#send(party, writtenText(changed(message, changes)));
  }

  /** Sends a request outside any dialog. */
  call(party: EdgeParty, callee: EdgeParty, method: string, changes: string): void {
    const callId = `call-${++this.#count}`;
    const lines = [
      this.#via(party, callId),
      'Max-Forwards: 70',
      `From: <${party.uri}>;tag=${party.name}`,
      `To: <${callee.uri}>`,
      `Call-ID: ${callId}`,
      `CSeq: 1 ${method}`,
      `Contact: <${party.uri}>`,
      'Supported: ms-dialog-route-set-update',
    ];
    this.#send(party, writtenText(changed({ start: `${method} ${callee.uri} SIP/2.0`, lines, body: '' }, changes)));
  }

  /** Sends a request in a dialog, by its route: as the callee, where the party is that, else as the caller. */
  ask(party: EdgeParty, dialog: EdgeDialog, method: string, changes: string): void {
    const isCallee = party.name === dialog.callee;
    const routes = isCallee ? dialog.recorded : [...dialog.recorded].reverse();
    const sequence = method === 'ACK' || method === 'CANCEL' ? dialog.sequence : ++dialog.sequence;
    const other = isCallee ? dialog.from : dialog.to;
    const lines = [
      this.#via(party, `${dialog.callId}-${sequence}-${method === 'CANCEL' ? 'INVITE' : method}`),
      'Max-Forwards: 70',
      ...routes.map((route) => `Route: ${route}`),
      `From: ${isCallee ? dialog.to : dialog.from}`,
      `To: ${other}`,
      `Call-ID: ${dialog.callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <${party.uri}>`,
      'Supported: ms-dialog-route-set-update',
    ];
    const uri = /<([^>]*)>/.exec(other)?.[1] ?? `sip:${edgeHost}`;
    this.#send(party, writtenText(changed({ start: `${method} ${uri} SIP/2.0`, lines, body: '' }, changes)));
  }

  #goOn(party: EdgeParty, response: SentMessage): void {
    const { status, method, callId, toTag, sequence } = response;
    if (status < 101 || status > 299 || toTag === '' || (method !== 'INVITE' && method !== 'SUBSCRIBE')) return;
    const known = this.dialogs.find((each) => each.callId === callId);
    const dialog = known ?? {
      callId,
      from: firstOf(response.text, 'From'),
      to: firstOf(response.text, 'To'),
      recorded: valuesOf(response.text, 'Record-Route').flatMap((value) => value.match(/<[^>]*>/g) ?? []),
      callee: /<sip:([a-z]+)@/.exec(firstOf(response.text, 'Contact'))?.[1] ?? '',
      sequence,
    };
    if (known === undefined) this.dialogs.unshift(dialog);
    if (status >= 200 && method === 'INVITE') this.ask(party, dialog, 'ACK', '');
  }

  #via({ address, sentBy }: EdgeParty, branch: string): string {
    const { protocol } = address;
    return `Via: SIP/2.0/${protocol.toUpperCase()} ${sentBy}${protocol === 'udp' ? ';rport' : ''};branch=z9hG4bK${branch}`;
  }

  /** As a plain proxy sends it on: with its Via, and a hop less. */
  #proxied(party: EdgeParty, text: string): string {
    const { start, lines, body } = messageText(text);
    const fewer = lines.map((line) => line.replace(/^Max-Forwards: (\d+)/, (_, left) => `Max-Forwards: ${left - 1}`));
    return [start, this.#via(party, `proxy-${++this.#count}`), ...fewer, '', body].join('\r\n');
  }
}

function firstOf(text: string, name: string): string {
  return valuesOf(text, name)[0] ?? '';
}

function remember(messages: SentMessage[], message: SentMessage): void {
  messages.unshift(message);
  if (messages.length > rememberedMax) messages.pop();
}
