import type { Clock, Transport } from '../../../transport/index.ts';
import { Dice } from '../dice.ts';
import type { Forgery } from '../plan.ts';
import { tagOf, uriOf } from './address-value.ts';
import { digest } from './digest.ts';
import { type Header, type Message, parse } from './message.ts';
import { type Place, Post } from './post.ts';
import { writeHostPort } from './uri.ts';
import { parseVia } from './via.ts';
import { write, writeResponse } from './write.ts';

export interface StrangerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly seed: number;
}

/** So many messages of one dialog are remembered. */
const heardMax = 64;

/** All the same to a forger: what a 430 may ask for, and nothing. */
const actions = [
  'Dialog-Route-Set-Update',
  'Wait-For-Session-Update',
  'Registration-Route-Set-Update, Dialog-Route-Set-Update',
  'Anything-Else',
  undefined,
] as const;

/** Somebody who has no part in any dialog: listens where a wire is tapped, sends what is forged, and answers nothing. */
export class Stranger {
  readonly #options: StrangerOptions;
  /** The newest messages of each dialog, by its Call-ID. */
  readonly #heard = new Map<string, Message[]>();
  #post: Post | undefined;
  #names = 0;

  constructor(options: StrangerOptions) {
    this.#options = options;
  }

  get protocol(): 'udp' | 'tcp' {
    return this.#options.transport.protocol;
  }

  async start(): Promise<void> {
    const { transport, clock } = this.#options;
    this.#post = await Post.open(transport, clock, () => undefined);
  }

  async stop(): Promise<void> {
    await this.#post?.stop();
  }

  /** A message of others, as it went by; the stranger's own, and answers to those, teach it nothing. */
  overhears(octets: Uint8Array, message: Message | undefined = parse(octets)): void {
    if (message === undefined || message.callId === '' || message.method === 'OPTIONS') return;
    if (this.#isOwn(message)) return;
    const heard = this.#heard.get(message.callId);
    if (heard === undefined) this.#heard.set(message.callId, [message]);
    else if (heard.push(message) > heardMax) heard.shift();
  }

  /**
   * Sends a forgery of that kind, made of what was overheard of the dialog. False where that does not suffice: no request is
   * under way, say. `target`: whoever sent the requests with that `fromTag`, for a response; else whoever receives them.
   */
  forge(what: Forgery, target: Place, about: ForgedDialog, dice: number): boolean {
    const forged = this.#forged(what, about, new Dice(dice));
    if (forged !== undefined) this.#post?.send(target, forged);
    return forged !== undefined;
  }

  #forged(what: Forgery, about: ForgedDialog, dice: Dice): Uint8Array | undefined {
    const heard = this.#heard.get(about.callId) ?? [];
    switch (what) {
      case 'scan':
        return this.#scan(dice);
      case 'garbage':
        return garbage(dice);
      case 'replay':
        return heard.length === 0 ? undefined : dice.pick(heard).octets;
      case 'response':
      case '430': {
        const pending = pendingOf(heard, about.ownTag);
        return pending && (what === '430' ? this.#flowFailed(pending, dice) : this.#verdict(pending, dice));
      }
      case 'refresh':
        return this.#request('UPDATE', heard, about, { by: 1 + dice.below(5), isRefresh: true });
      case 'reinvite':
        return this.#request('INVITE', heard, about, { by: 1 + dice.below(5), isRefresh: true });
      case 'bye-guessed':
        return this.#request('BYE', heard, about, { by: 1, guesses: dice.pick(['from', 'to'] as const) });
      case 'old-cseq':
        return this.#request(dice.pick(['BYE', 'UPDATE', 'INVITE']), heard, about, { by: 'nothing', isRefresh: true });
    }
  }

  #verdict(pending: Message, dice: Dice): Uint8Array {
    const status = dice.pick([200, 481]);
    const contact: Header = ['Contact', `<${this.#uri}>`];
    const recordRoute: Header = ['Record-Route', `<${this.#uri};lr>`];
    const headers = status === 200 ? [recordRoute, contact] : [];
    return writeResponse(pending, status, { toTag: 'forged', headers });
  }

  #flowFailed(pending: Message, dice: Dice): Uint8Array {
    const action = dice.pick(actions);
    const headers: Header[] = action === undefined ? [] : [['P-Dialog-Recovery-Action', action]];
    return writeResponse(pending, 430, { toTag: 'forged', headers });
  }

  /** A request inside the dialog, as its other side would send it, but for what is forged. */
  #request(
    method: string,
    heard: readonly Message[],
    about: ForgedDialog,
    forgery: RequestForgery,
  ): Uint8Array | undefined {
    const { by, isRefresh = false, guesses } = forgery;
    const like = heard.findLast((message) => message.toTag !== '' && message.fromTag !== '');
    if (like === undefined) return undefined;
    const isOwn = like.fromTag === about.ownTag;
    const own = like.header(isOwn ? 'from' : 'to');
    const other = like.header(isOwn ? 'to' : 'from');
    const from = guesses === 'from' ? wrong(other) : other;
    const to = guesses === 'to' ? wrong(own) : own;
    const highest = Math.max(
      0,
      ...heard.filter((each) => each.isRequest && each.fromTag === tagOf(other)).map((each) => each.cseq),
    );
    const cseq = by === 'nothing' ? about.usedCseq?.(tagOf(other)) : highest + by;
    if (cseq === undefined) return undefined;
    const headers: Header[] = [
      ['Via', this.#via()],
      ['Max-Forwards', '70'],
      ['From', from],
      ['To', to],
      ['Call-ID', about.callId],
      ['CSeq', `${cseq} ${method}`],
    ];
    if (isRefresh)
      headers.push(
        ['Record-Route', `<${this.#uri};lr>`],
        ['Contact', `<${this.#uri}>`],
        ['Supported', 'timer, ms-dialog-route-set-update'],
      );
    const isOffer = method === 'INVITE';
    if (isOffer) headers.push(['Content-Type', 'application/sdp']);
    return write(
      `${method} ${contactOf(heard, about.ownTag) ?? uriOf(own)} SIP/2.0`,
      headers,
      isOffer ? 'v=0\r\ns=0\r\n' : '',
    );
  }

  #scan(dice: Dice): Uint8Array {
    const method = dice.pick(['OPTIONS', 'REGISTER', 'INVITE']);
    const headers: Header[] = [
      ['Via', this.#via()],
      ['Max-Forwards', '70'],
      ['From', `<${this.#uri}>;tag=${this.#name()}`],
      ['To', '<sip:100@10.0.0.100>'],
      ['Call-ID', this.#name()],
      ['CSeq', `1 ${method}`],
      ['Contact', `<${this.#uri}>`],
      ['User-Agent', 'a scanner'],
    ];
    return write(`${method} sip:100@10.0.0.100 SIP/2.0`, headers);
  }

  #isOwn(message: Message): boolean {
    const { local } = this.#its;
    const via = parseVia(message.topVia);
    return via?.host === local.host && via.port === local.port;
  }

  #via(): string {
    const { protocol, local } = this.#its;
    return `SIP/2.0/${protocol.toUpperCase()} ${writeHostPort(local.host, local.port)};branch=z9hG4bK${this.#name()}`;
  }

  #name(): string {
    const { local } = this.#its;
    return digest(`stranger ${this.#options.seed} ${local.host}:${local.port} ${++this.#names}`);
  }

  get #uri(): string {
    const { local, protocol } = this.#its;
    return `sip:stranger@${writeHostPort(local.host, local.port)}${protocol === 'tcp' ? ';transport=tcp' : ''}`;
  }

  get #its(): Post {
    if (this.#post === undefined) throw new Error('the stranger is not started');
    return this.#post;
  }
}

/** Which dialog is meant, and whose side is lied to: the one whose own tag that is. */
export interface ForgedDialog {
  readonly callId: string;
  readonly ownTag: string;
  /** A CSeq that this one has seen from the other side with that tag: of several forks each has its own. */
  readonly usedCseq?: (otherTag: string) => number | undefined;
}

interface RequestForgery {
  /** How much the CSeq grows; by nothing it is one that was used. */
  readonly by: number | 'nothing';
  readonly isRefresh?: boolean;
  /** The tag that is wrong. */
  readonly guesses?: 'from' | 'to';
}

/** The newest request of that side that has no final response yet, with the topmost Via that its sender gave it. */
function pendingOf(heard: readonly Message[], ownTag: string): Message | undefined {
  return heard.findLast(
    (request) =>
      request.isRequest &&
      request.fromTag === ownTag &&
      request.method !== 'ACK' &&
      request.values('via').length === 1 &&
      !heard.some(
        (response) => response.status >= 200 && response.cseq === request.cseq && response.method === request.method,
      ),
  );
}

/** Where the side with that tag has last said to be. */
function contactOf(heard: readonly Message[], tag: string): string | undefined {
  const told = heard.findLast(
    (message) => message.has('contact') && (message.isRequest ? message.fromTag : message.toTag) === tag,
  );
  return told && uriOf(told.header('contact'));
}

/** With another tag. */
function wrong(value: string): string {
  const tag = tagOf(value);
  return value.replace(`tag=${tag}`, `tag=${digest(tag)}`);
}

function garbage(dice: Dice): Uint8Array {
  const octets = Uint8Array.from({ length: 1 + dice.below(400) }, () => dice.below(256));
  const beginnings = ['', 'INVITE sip:a@b SIP/2.0\r\n', 'SIP/2.0 430 x\r\nVia: ', 'UPDATE sip:a SIP/2.0\r\nCSeq: '];
  return Buffer.concat([Buffer.from(dice.pick(beginnings)), octets]);
}
