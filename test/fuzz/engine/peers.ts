import type { Address } from '../../../core/contract.ts';
import { digestOf } from '../../../core/message/digest.ts';
import { changed, type MessageText, writtenText } from '../world/message-text.ts';
import { type SentMessage, valuesOf } from '../world/sent-message.ts';
import { type KnownDialog, KnownDialogs } from './known-dialog.ts';
import { good, guardCallId, guardName, ownHost, type Party, silent } from './parties.ts';
import { password, quickHash, realm, username } from './settings.ts';

/** So many of what was sent are remembered. */
const rememberedMax = 64;

/** Verdicts on a dialog, which an end believes whoever brings them (RFC 5057 §5.1). */
const denials: ReadonlySet<number> = new Set([410, 416, 481, 482, 483, 484, 485, 604]);

/** Where a message of a party's goes. */
export type Send = (party: Party, text: string) => void;

const description = 'v=0\r\no=far 1 1 IN IP4 10.0.0.2\r\ns=-\r\n';
const abilities = [
  'Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO, PRACK',
  'Supported: timer, 100rel, replaces, ms-dialog-route-set-update',
];

/** All whom an engine talks with, what they have heard of it, and how they answer by themselves. */
export class Peers {
  readonly parties: readonly Party[];
  readonly dialogs: KnownDialogs = new KnownDialogs();
  /** Requests that the engine has sent, but for probes and ACKs, and all that it has sent: the newest first. */
  readonly requests: SentMessage[] = [];
  readonly sent: SentMessage[] = [];
  readonly #send: Send;
  /** INVITEs that a party has answered for good, by their branch. */
  readonly #answered = new Set<string>();
  /** The last INVITE of each party that began a call: its text. */
  readonly #calls = new Map<Party, string>();
  /** Responses to challenges of the engine's. */
  readonly #proofs = new Set<string>();
  #nonce = '';
  #count = 0;

  constructor(parties: readonly Party[], send: Send) {
    this.parties = parties;
    this.#send = send;
  }

  /** From now on everybody behaves who is no stranger. */
  calm(): void {
    for (const party of this.parties) party.mood = party.isStranger ? silent : good;
  }

  at({ protocol, host, port }: Address): Party | undefined {
    return this.parties.find(
      ({ address }) => address.port === port && address.host === host && address.protocol === protocol,
    );
  }

  named(name: string): Party {
    const party = this.parties.find((each) => each.name === name);
    if (party === undefined) throw new Error(`nobody is called ${name}`);
    return party;
  }

  /** The engine has sent something: who it is for answers, if that is its mood. */
  hear(message: SentMessage, to: Address): void {
    const party = this.at(to);
    const isProbe = message.branch.startsWith('z9hG4bKprobe');
    if (!isProbe && party?.name !== guardName) this.#remember(message);
    if (party === undefined) return;
    if (isProbe && party.mood.status !== 0) {
      // Most of what is sent are probes. What else the request has does no harm in its response.
      const { status } = party.mood;
      this.#send(party, `SIP/2.0 ${status} Because${message.text.slice(message.text.indexOf('\r\n'))}`);
    } else if (message.isRequest) this.#answer(party, message);
    else if (party.mood.status === 200) this.#goOn(party, message);
  }

  /** Answers a request of the engine's. */
  reply(party: Party, request: SentMessage, status: number, changes: string): void {
    const answer = this.#response(party, request, status);
    const { method, callId, fromTag, toTag } = request;
    if (method === 'INVITE' && status >= 200) this.#answered.add(request.branch);
    const text = writtenText(changed(answer, this.filled(changes)));
    const tag = toTag === '' ? /\r\nTo: [^\r]*;tag=([^;\r]*)/.exec(text)?.[1] : toTag;
    if (method === 'INVITE' && status > 100 && status < 300 && tag !== undefined && party.name !== guardName) {
      this.dialogs.know(callId, fromTag, tag);
    }
    this.#send(party, text);
  }

  /** Sends a request in a dialog, as its far end writes it. */
  ask(party: Party, dialog: KnownDialog, method: string, changes: string): void {
    const sequence = method === 'ACK' || method === 'CANCEL' ? dialog.invite : ++dialog.sequence;
    if (method === 'INVITE') dialog.invite = sequence;
    const refreshes = method === 'INVITE' || method === 'UPDATE';
    const lines = [
      ...this.#head(party, method === 'CANCEL' ? `${dialog.callId}-${sequence}` : undefined, method, dialog, sequence),
      `From: <sip:far@${party.address.host}>;tag=${dialog.far}`,
      `To: <sip:near@${ownHost}>;tag=${dialog.near}`,
      `Call-ID: ${dialog.callId}`,
      ...(refreshes ? [`Contact: <${party.uri}>`, ...abilities] : []),
      ...(method === 'PRACK' ? [`RAck: ${dialog.reliable} ${dialog.invite} INVITE`] : []),
    ];
    const message = { start: `${method} sip:${ownHost}:5060 SIP/2.0`, lines, body: '' };
    this.#send(party, writtenText(changed(message, this.filled(changes, method))));
  }

  /** Begins a call. */
  call(party: Party, changes: string): void {
    const callId = `call-${++this.#count}`;
    const lines = [
      ...this.#head(party, `${callId}-1`, 'INVITE', undefined, 1),
      `From: <sip:far@${party.address.host}>;tag=far${this.#count}`,
      `To: <sip:near@${ownHost}>`,
      `Call-ID: ${callId}`,
      `Contact: <${party.uri}>`,
      ...abilities,
    ];
    const message = { start: `INVITE sip:near@${ownHost}:5060 SIP/2.0`, lines, body: description };
    const text = writtenText(changed(message, this.filled(changes, 'INVITE')));
    this.#calls.set(party, text);
    this.#send(party, text);
  }

  /** Gives the last call up that a party has begun. */
  cancel(party: Party, changes: string): void {
    const invite = this.#calls.get(party);
    if (invite === undefined) return;
    const lines = linesOf(invite, ['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Route']);
    const start = `CANCEL${invite.slice(6, invite.indexOf('\r\n'))}`;
    const cseq = lines.map((line) => line.replace(/^(CSeq: *\d+).*/, '$1 CANCEL'));
    this.#send(party, writtenText(changed({ start, lines: cseq, body: '' }, changes)));
  }

  /**
   * Fills in what a text asks for by `{…}`: `{c}`, `{n}` and `{f}` are Call-ID, near tag and far tag of the newest dialog, `{b}` is the
   * branch of the engine's newest request, `{proof}` credentials.
   */
  filled(text: string, method: string = 'UPDATE'): string {
    if (!text.includes('{')) return text;
    const dialog = this.dialogs.at(0);
    return text
      .replaceAll('{c}', dialog?.callId ?? '')
      .replaceAll('{n}', dialog?.near ?? '')
      .replaceAll('{f}', dialog?.far ?? '')
      .replaceAll('{b}', this.requests[0]?.branch ?? '')
      .replaceAll('{proof}', () => this.#proof(method));
  }

  /** Whether a message carries the response to a challenge, so that who sends it need not be a hop. */
  proves(text: string): boolean {
    for (const response of this.#proofs) if (text.includes(response)) return true;
    return false;
  }

  #proof(method: string): string {
    const uri = `sip:${ownHost}:5060`;
    const nonce = this.#nonce;
    const shared = { username, realm, nonce, nc: `0000000${(++this.#count % 9) + 1}`, cnonce: 'c', uri } as const;
    const digest = { ...shared, algorithm: 'MD5', password, qop: 'auth', method, body: new Uint8Array(0) } as const;
    const response = digestOf(quickHash, digest);
    const { nc } = shared;
    if (nonce !== '') this.#proofs.add(response);
    return `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5, qop=auth, nc=${nc}, cnonce="c"`;
  }

  #remember(message: SentMessage): void {
    this.sent.unshift(message);
    if (this.sent.length > rememberedMax) this.sent.pop();
    if (!message.isRequest || message.method === 'ACK') return;
    this.requests.unshift(message);
    if (this.requests.length > rememberedMax) this.requests.pop();
  }

  #answer(party: Party, request: SentMessage): void {
    const { status, changes } = party.mood;
    const { method } = request;
    if (status === 0 || method === 'ACK') return;
    if (method === 'CANCEL') {
      this.reply(party, request, 200, '');
      const invite = this.requests.find((each) => each.method === 'INVITE' && each.branch === request.branch);
      if (invite !== undefined && !this.#answered.has(invite.branch)) this.reply(party, invite, 487, '');
    } else {
      // A hop that the witness is healed by does not deny its dialog.
      const isWitness = request.callId === guardCallId && party.name !== guardName;
      this.reply(party, request, isWitness && denials.has(status) ? 480 : status, changes);
    }
  }

  /** What a good far end does about a response. */
  #goOn(party: Party, response: SentMessage): void {
    const { method, status, callId, toTag, fromTag, sequence } = response;
    const challenge = status === 401 ? valuesOf(response.text, 'WWW-Authenticate')[0] : undefined;
    if (challenge !== undefined) this.#nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
    if (method !== 'INVITE' || status === 100 || toTag === '') return;
    if (party.name === guardName) {
      const dialog = { callId, near: toTag, far: fromTag, sequence, invite: sequence, reliable: 0 };
      if (status >= 200) this.ask(party, dialog, 'ACK', '');
      return;
    }
    if (status >= 300) {
      const dialog = { callId, near: toTag, far: fromTag, sequence, invite: sequence, reliable: 0 };
      this.ask(party, dialog, 'ACK', `Via: ${valuesOf(response.text, 'Via')[0] ?? ''}`);
      return;
    }
    const dialog = this.dialogs.know(callId, toTag, fromTag);
    const reliable = Number(valuesOf(response.text, 'RSeq')[0] ?? 0);
    if (status < 200 && reliable > 0) {
      dialog.reliable = reliable;
      this.ask(party, dialog, 'PRACK', '');
    } else if (status >= 200) {
      this.ask(party, { ...dialog, invite: sequence }, 'ACK', '');
    }
  }

  #head(
    party: Party,
    branch: string | undefined,
    method: string,
    dialog: KnownDialog | undefined,
    sequence: number,
  ): string[] {
    const { address, sentBy } = party;
    const own = method === 'INVITE' && dialog !== undefined ? `${dialog.callId}-${sequence}` : `ask-${++this.#count}`;
    const via = `Via: SIP/2.0/${address.protocol.toUpperCase()} ${sentBy};rport;branch=z9hG4bK${branch ?? own}`;
    return [via, 'Max-Forwards: 70', `CSeq: ${sequence} ${method}`];
  }

  #response(party: Party, request: SentMessage, status: number): MessageText {
    const { text, method, toTag } = request;
    const lines = linesOf(text, ['Via', 'From', 'Call-ID', 'CSeq']);
    const to = linesOf(text, ['To'])[0] ?? '';
    lines.push(toTag === '' && status !== 100 ? `${to};tag=far-${party.name}` : to);
    const refreshes = method === 'INVITE' || method === 'UPDATE';
    if (!refreshes || status < 101 || status >= 300) return { start: `SIP/2.0 ${status} Because`, lines, body: '' };
    lines.push(`Record-Route: <${party.uri};lr>`, `Contact: <${party.uri}>`, ...abilities);
    if (status >= 200 && text.includes('\r\nSession-Expires: ')) lines.push('Session-Expires: 90;refresher=uac');
    const hasOffer = !text.endsWith('\r\n\r\n');
    const body = status >= 200 && (hasOffer || method === 'INVITE') ? description : '';
    return { start: `SIP/2.0 ${status} Because`, lines, body };
  }
}

function linesOf(text: string, names: readonly string[]): string[] {
  return names.flatMap((name) => valuesOf(text, name).map((value) => `${name}: ${value}`));
}
