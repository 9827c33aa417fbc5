import { challenge, credentials } from './digest.ts';
import { type Flow, type Row, rowsOf } from './flow.ts';
import { History } from './history.ts';
import { addressOf, type Party, type PartyName, partyOf } from './parties.ts';
import { session } from './session.ts';
import { type Credentials, type Side, type Transport, textOf, type Wire } from './wire.ts';

/** A message of a flow, written out. */
export interface FlowMessage {
  /** `F1 INVITE Alice > Bob`, and the flow's name before it. */
  readonly label: string;
  /** Its number in the flow. */
  readonly number: number;
  readonly from: PartyName;
  readonly to: PartyName;
  /** With CRLFs. */
  readonly text: string;
}

/** A flow's messages, each made by RFC 3261's rules of what its sender got and sent before, and of what the flow notes. */
export function compose(flow: Flow, transport: Transport = 'UDP'): FlowMessage[] {
  const composer = new Composer(flow, transport);
  return rowsOf(flow).map((row) => {
    const { label, method, status, from, to } = row;
    return {
      label: `${flow.name} ${label} ${status === undefined ? '' : `${status} `}${method} ${from} > ${to}`,
      number: Number(label.slice(1)),
      from,
      to,
      text: textOf(composer.next(row)),
    };
  });
}

/** What a user knows of its dialog. @see RFC 3261 §12.1 */
interface Dialog {
  readonly local: Side;
  readonly remote: Side;
  readonly route: readonly string[];
}

/**
 * The parties of one flow, with everything that has gone between them. A user makes its requests from its dialog; a proxy passes on
 * what it got, but for what goes hop by hop: 100, CANCEL, and the ACK of a refusal.
 */
class Composer {
  readonly #flow: Flow;
  readonly #transport: Transport;
  readonly #history = new History();
  /** Of those who have moved. */
  readonly #hosts = new Map<PartyName, string>();
  readonly #cseqs = new Map<PartyName, number>();
  readonly #dialogs = new Map<PartyName, Dialog>();
  /** Where the requests that a user sends in its dialog go. */
  readonly #targets = new Map<PartyName, string>();
  readonly #nonces = new Map<string, string>();
  #callId: string;

  constructor(flow: Flow, transport: Transport) {
    this.#flow = flow;
    this.#transport = transport;
    this.#callId = flow.callId;
  }

  next(row: Row): Wire {
    const { from, to, notes } = row;
    if (notes.at !== undefined) this.#hosts.set(from, notes.at);
    const callId = notes.fields.get('Call-ID');
    if (callId !== undefined) this.#begin(callId);
    const sent = row.status === undefined ? this.#request(row) : this.#response(row, row.status);
    this.#history.add(from, to, sent, this.#host(from));
    this.#learn(to, sent);
    return sent;
  }

  #begin(callId: string): void {
    this.#callId = callId;
    for (const known of [this.#cseqs, this.#dialogs, this.#targets]) known.clear();
  }

  #request(row: Row): Wire {
    const { method, from, notes } = row;
    if (notes.flags.has('again')) return this.#history.sentRequest(from, method);
    if (method === 'CANCEL' || (method === 'ACK' && this.#wasRefused(from))) return this.#hopByHop(row);
    return partyOf(from).user === undefined ? this.#passOn(row) : this.#ownRequest(row);
  }

  /** What belongs to the transaction of an INVITE. @see RFC 3261 §9.1, §17.1.1.3 */
  #hopByHop({ method, from }: Row): Wire {
    const invite = this.#history.sentRequest(from, 'INVITE');
    const isAck = method === 'ACK';
    return {
      ...invite,
      method,
      vias: invite.vias.slice(0, 1),
      maxForwards: 70,
      to: isAck ? (this.#history.gotAnswer(from, 'INVITE')?.to ?? invite.to) : invite.to,
      recordRoute: [],
      contact: '',
      credentials: isAck ? invite.credentials : [],
      fields: new Map(),
      sdp: '',
    };
  }

  /** @see RFC 3261 §16.6 */
  #passOn(row: Row): Wire {
    const { method, from, to, notes } = row;
    const got = this.#history.gotRequest(from, method);
    const own = this.#routeUri(from);
    return {
      ...got,
      requestUri: partyOf(to).user !== undefined && got.to.tag === '' ? this.#contactUri(to) : got.requestUri,
      vias: [this.#via(row), ...got.vias],
      maxForwards: (got.maxForwards ?? 0) - 1,
      route: got.route[0] === own ? got.route.slice(1) : got.route,
      recordRoute: notes.flags.has('record-route') ? [own, ...got.recordRoute] : got.recordRoute,
      credentials: got.credentials.filter(({ realm }) => realm !== partyOf(from).realm),
      sdp: movedTo(notes.sdpAt, got.sdp),
    };
  }

  /** Calls are for Bob. @see RFC 3261 §8.1.1, §12.2.1.1, §13.2.2.4 */
  #ownRequest(row: Row): Wire {
    const { method, from, to, notes } = row;
    const dialog = this.#dialogs.get(from);
    const requestUri = this.#targets.get(from) ?? partyOf('Bob').user?.addressOfRecord ?? '';
    const cseq = notes.cseq ?? (this.#cseqs.get(from) ?? 0) + (method === 'ACK' ? 0 : 1);
    this.#cseqs.set(from, cseq);
    return {
      method,
      status: undefined,
      requestUri,
      vias: [this.#via(row)],
      maxForwards: 70,
      route: dialog?.route ?? (notes.flags.has('route') ? [this.#routeUri(to)] : []),
      recordRoute: [],
      from: dialog?.local ?? this.#side(from),
      to: dialog?.remote ?? { ...this.#side('Bob'), tag: '' },
      callId: this.#callId,
      cseq,
      contact: isTargetRefresh(method) ? `<${this.#contactUri(from)}>` : '',
      credentials:
        method === 'ACK'
          ? this.#history.sentRequest(from, 'INVITE').credentials
          : notes.realms.map((realm) => this.#credentials(realm, method, requestUri)),
      fields: ownFields(row),
      sdp: this.#sdp(row),
    };
  }

  /** For the realm's newest challenge, which may have come before the flow begins. */
  #credentials(realm: string, method: string, uri: string): Credentials {
    const nonce = this.#nonces.get(realm) ?? 'before';
    return { realm, value: credentials(realm, nonce, method, uri) };
  }

  /** @see RFC 3261 §8.2.6, §12.1.1, §16.7 */
  #response(row: Row, status: number): Wire {
    const { method, from, to, notes } = row;
    const request = this.#history.gotRequest(from, method, to);
    const below = this.#answerFromBelow(row, status, request);
    if (below !== undefined) return { ...below, vias: below.vias.slice(1), sdp: movedTo(notes.sdpAt, below.sdp) };
    const accepts = status > 100 && status < 300 && isTargetRefresh(method);
    const isUser = partyOf(from).user !== undefined;
    return {
      ...request,
      status,
      requestUri: '',
      maxForwards: undefined,
      route: [],
      recordRoute: accepts ? request.recordRoute : [],
      to: status === 100 || request.to.tag !== '' ? request.to : { ...request.to, tag: this.#tag(from) },
      contact: notes.fields.get('Contact') ?? (accepts && isUser ? `<${this.#contactUri(from)}>` : ''),
      credentials: [],
      fields: new Map([...ownFields(row), ...this.#challenge(row, status)]),
      sdp: this.#sdp(row),
    };
  }

  /** What a proxy has got for the request that it passed on. */
  #answerFromBelow({ method, from }: Row, status: number, { cseq }: Wire): Wire | undefined {
    if (status === 100 || method === 'CANCEL' || partyOf(from).user !== undefined) return undefined;
    return this.#history.gotAnswer(from, method, (answer) => answer.status === status && answer.cseq === cseq);
  }

  #challenge({ label, from }: Row, status: number): [string, string][] {
    const { realm } = partyOf(from);
    if (status !== 407 || realm === undefined) return [];
    const nonce = `nonce-of-${label}`;
    this.#nonces.set(realm, nonce);
    return [['Proxy-Authenticate', challenge(realm, nonce)]];
  }

  #learn(to: PartyName, wire: Wire): void {
    const { method, status } = wire;
    const uri = /<(.*)>/.exec(wire.contact)?.[1];
    if (partyOf(to).user === undefined || uri === undefined || (status ?? 200) < 200) return;
    this.#targets.set(to, uri);
    if (status === undefined) {
      const local = { ...wire.to, tag: this.#tag(to) };
      if (!this.#dialogs.has(to)) this.#dialogs.set(to, { local, remote: wire.from, route: wire.recordRoute });
    } else if (method === 'INVITE' && status < 300 && !this.#dialogs.has(to)) {
      this.#dialogs.set(to, { local: wire.from, remote: wire.to, route: wire.recordRoute.toReversed() });
    }
  }

  /** Whether the newest INVITE of that party got a final answer that is no 2xx. */
  #wasRefused(from: PartyName): boolean {
    return (this.#history.gotAnswer(from, 'INVITE')?.status ?? 0) >= 300;
  }

  #host(party: PartyName): string {
    return this.#hosts.get(party) ?? this.#flow.hosts?.[party] ?? partyOf(party).host;
  }

  #tag(party: PartyName): string {
    return this.#flow.tags[party] ?? party.toLowerCase().replaceAll(' ', '-');
  }

  #side(party: PartyName): Side {
    const { display, addressOfRecord } = this.#user(party);
    return { display, uri: addressOfRecord, tag: this.#tag(party) };
  }

  #user(party: PartyName): NonNullable<Party['user']> {
    const { user } = partyOf(party);
    if (user === undefined) throw new Error(`${party} is no user`);
    return user;
  }

  #contactUri(party: PartyName): string {
    const transport = this.#transport === 'UDP' ? '' : ';transport=tcp';
    return `sip:${this.#user(party).name}@${this.#host(party)}${transport}`;
  }

  #routeUri(party: PartyName): string {
    return `<sip:${this.#host(party)};lr>`;
  }

  /** A branch for each transaction and hop. */
  #via({ label, from }: Row): Wire['vias'][number] {
    const branch = `z9hG4bK-${this.#flow.name.replace(/^.*§/, '')}-${label}`;
    return { transport: this.#transport, host: this.#host(from), branch };
  }

  #sdp({ from, notes }: Row): string {
    return notes.flags.has('sdp') ? session(this.#user(from).name, addressOf(this.#host(from))) : '';
  }
}

/** Also the first INVITE, whose Contact is a target as well. */
function isTargetRefresh(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}

/** The fields of the row that no rule fills. */
function ownFields({ notes }: Row): Map<string, string> {
  return new Map([...notes.fields].filter(([name]) => name !== 'Contact' && name !== 'Call-ID'));
}

function movedTo(host: string | undefined, sdp: string): string {
  return host === undefined ? sdp : sdp.replace(/^c=IN IP4 .*$/m, `c=IN IP4 ${host}`);
}
