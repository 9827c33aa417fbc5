import { accept } from './acceptance.ts';
import { paramOf, uriOf } from './address-value.ts';
import { type Agent, optionTag } from './agent.ts';
import { type Dialog, dialogId, routesOf } from './dialog.ts';
import { IncomingCall, recordRouteOf } from './incoming-call.ts';
import type { Header, Message } from './message.ts';
import { type Requests, takeTarget } from './requests.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { describe, sdpType } from './session-description.ts';
import { grantedInterval, tooSmall } from './session-interval.ts';

/** What an endpoint makes of the requests that it gets (RFC 3261 §8.2, §12.2.2, §14.2, §15.1.2). */
export class Reception {
  readonly #agent: Agent;
  readonly #requests: Requests;
  /** Calls whose INVITE is known, by Call-ID, From tag and CSeq: the same INVITE by another way is merged into them. */
  readonly #calls = new Map<string, { readonly server: ServerTransaction; readonly call: IncomingCall }>();

  constructor(agent: Agent, requests: Requests) {
    this.#agent = agent;
    this.#requests = requests;
  }

  request(server: ServerTransaction): void {
    const { request } = server;
    const { method } = request;
    const tag = request.toTag;
    if (method === 'CANCEL') server.respond(481, { toTag: this.#agent.newName() });
    else if (this.#refuses(server)) return;
    else if (tag === '' && method === 'INVITE') this.#call(server);
    else if (method === 'OPTIONS' && tag === '') server.respond(200, this.#own(this.#agent.abilities));
    else if (tag !== '' || dialogMethods.has(method)) this.#inDialog(server);
    else this.#refuseMethod(server);
  }

  cancelled(invite: ServerTransaction): void {
    if (!invite.isOpen) return;
    this.#calls.get(mergeKey(invite.request))?.call.cancel();
  }

  ack(ack: Message): void {
    this.#agent.dialogOf(ack)?.unacknowledged.get(ack.cseq)?.acknowledge();
  }

  /** What is refused whatever it is about (RFC 3261 §8.2.1, §8.2.2.3, §22.1). */
  #refuses(server: ServerTransaction): boolean {
    const { request } = server;
    const agent = this.#agent;
    const isFree = request.method === 'PRACK' || request.method === 'ACK';
    if (!isFree && agent.moods.isIn('challenges') && !agent.challenger.hasProof(request)) {
      server.respond(401, this.#own(agent.challenger.challenge(agent.newName())));
      return true;
    }
    const known = agent.supported.split(', ');
    const unknown = request.values('require').filter((tag) => !known.includes(tag.toLowerCase()));
    if (unknown.length === 0) return false;
    server.respond(420, this.#own([['Unsupported', unknown.join(', ')]]));
    return true;
  }

  #call(server: ServerTransaction): void {
    const { request } = server;
    const agent = this.#agent;
    const key = mergeKey(request);
    const leastS = tooSmall(agent, request);
    const replaces = agent.options.replaces === false ? '' : request.header('replaces');
    const replaced = this.#replaced(replaces);
    if (this.#calls.get(key)?.server.isOver === false) server.respond(482, this.#own([]));
    else if (!request.has('contact')) server.respond(400, this.#own([]));
    else if (leastS !== undefined) server.respond(422, this.#own([['Min-SE', String(leastS)]]));
    else if (replaces !== '' && replaced === undefined) server.respond(481, this.#own([]));
    else {
      this.#forgetOld();
      const call = new IncomingCall(agent, server, this.#requests);
      this.#calls.set(key, { server, call });
      agent.options.user.onCall?.(request.callId);
      if (replaced === undefined) call.begin();
      else call.replace(replaced);
    }
  }

  #forgetOld(): void {
    for (const [key, { server }] of this.#calls) if (server.isOver) this.#calls.delete(key);
  }

  /** @see RFC 3891 §3 */
  #replaced(value: string): Dialog | undefined {
    const semicolon = value.indexOf(';');
    if (semicolon < 0) return undefined;
    const params = value.slice(semicolon);
    const id = dialogId(
      value.slice(0, semicolon).trim(),
      paramOf(params, 'to-tag') ?? '',
      paramOf(params, 'from-tag') ?? '',
    );
    const dialog = this.#agent.dialogs.get(id);
    return dialog?.state === 'confirmed' ? dialog : undefined;
  }

  #inDialog(server: ServerTransaction): void {
    const { request } = server;
    const dialog = this.#agent.dialogOf(request);
    if (dialog === undefined) server.respond(481, this.#own([]));
    else if (request.cseq <= dialog.remoteCseq) server.respond(500);
    else {
      dialog.remoteCseq = request.cseq;
      dialog.source = server.source;
      this.#take(server, dialog);
    }
  }

  #take(server: ServerTransaction, dialog: Dialog): void {
    const { method, body } = server.request;
    const { user, moods } = { user: this.#agent.options.user, moods: this.#agent.moods };
    if (method === 'INFO') {
      const number = body === '' ? Number.NaN : Number(body);
      server.respond(200);
      if (!Number.isNaN(number)) user.onExecuted(number, dialog.callId);
    } else if (method === 'BYE') {
      server.respond(200);
      this.#agent.end(dialog, 'remote', 'bye');
    } else if (method === 'PRACK') this.#prack(server, dialog);
    else if (method === 'OPTIONS') server.respond(200, { headers: this.#agent.abilities });
    else if (method === 'INVITE') this.#reinvite(server, dialog);
    else if (method !== 'UPDATE') this.#refuseMethod(server);
    else if (moods.has('refuses-update')) server.respond(405, { headers: [['Allow', this.#agent.allow]] });
    else if (moods.has('does-not-know-update')) server.respond(501);
    else if (body === '' && moods.has('bodyless-update-481')) server.respond(481);
    else this.#update(server, dialog);
  }

  /** @see RFC 3311 §5.2 */
  #update(server: ServerTransaction, dialog: Dialog): void {
    const { request } = server;
    const isOffer = request.body !== '';
    const hasOpenOffer = dialog.isInviting || dialog.isOffering;
    if (isOffer && hasOpenOffer) server.respond(491);
    else if (isOffer && dialog.state === 'early') {
      if (dialog.isCaller) server.respond(491);
      else this.#later(server);
    } else if (!this.#refusesRefresh(server)) {
      const parts = this.#refreshed(server, dialog);
      if (isOffer) server.respond(200, { headers: [...parts, sdpType], body: describe(dialog.session) });
      else server.respond(200, { headers: parts });
    }
  }

  #reinvite(server: ServerTransaction, dialog: Dialog): void {
    if (dialog.isInviting || dialog.isOffering) server.respond(491);
    else if (dialog.state === 'early') this.#later(server);
    else if (!this.#refusesRefresh(server)) {
      const headers = [...this.#refreshed(server, dialog), sdpType];
      const parts = { headers, body: describe(dialog.session) };
      accept(this.#agent, server, dialog, parts, () => this.#requests.leave(dialog, 'no ACK'));
    }
  }

  #refusesRefresh(server: ServerTransaction): boolean {
    const { callId, cseq } = server.request;
    const leastS = tooSmall(this.#agent, server.request);
    const dice = this.#agent.diceFor(`glare ${callId} ${cseq}`);
    if (leastS !== undefined) server.respond(422, { headers: [['Min-SE', String(leastS)]] });
    else if (!this.#agent.moods.does('glares', dice, 0.25)) return false;
    else if (dice.chance(0.5)) server.respond(491);
    else this.#later(server);
    return true;
  }

  #later(server: ServerTransaction): void {
    const { callId, cseq } = server.request;
    const dice = this.#agent.diceFor(`later ${callId} ${cseq}`);
    server.respond(500, { headers: [['Retry-After', String(dice.below(11))]] });
  }

  /** Takes a target refresh, and gives what its 2xx says; with the option tag the route set moves as well (sdr-protocol.md §2.4). */
  #refreshed({ request }: ServerTransaction, dialog: Dialog): Header[] {
    const agent = this.#agent;
    const session = grantedInterval(agent, dialog, request);
    dialog.timer?.restart(session.intervalS, session.isOurs);
    takeTarget(dialog, request);
    const isPeer = !agent.moods.has('no-option-tag') && request.lists('supported', optionTag);
    const recordRoute = recordRouteOf(request);
    if (isPeer && recordRoute.length > 0) dialog.routeSet = routesOf(request);
    const copied = isPeer && !agent.moods.has('drops-record-route') ? recordRoute : [];
    const { moved } = dialog;
    const contact = moved && moved.untilMs > agent.timers.nowMs() ? moved.contact : agent.contact(true);
    dialog.localTarget = uriOf(contact);
    return [...copied, ['Contact', contact], ...agent.abilities, ...session.headers];
  }

  #prack(server: ServerTransaction, dialog: Dialog): void {
    const awaited = dialog.awaitedPrack;
    if (awaited === undefined || server.request.header('rack').replace(/\s+/g, ' ') !== awaited.rack)
      server.respond(481);
    else {
      server.respond(200);
      awaited.taken();
    }
  }

  #refuseMethod(server: ServerTransaction): void {
    const isKnown = knownMethods.has(server.request.method);
    server.respond(isKnown ? 405 : 501, this.#own(isKnown ? [['Allow', this.#agent.allow]] : []));
  }

  /** For a response outside any dialog. */
  #own(headers: readonly Header[]): { readonly toTag: string; readonly headers: readonly Header[] } {
    return { toTag: this.#agent.newName(), headers };
  }
}

const dialogMethods: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'INFO', 'PRACK', 'NOTIFY']);
const knownMethods: ReadonlySet<string> = new Set(['REGISTER', 'MESSAGE', 'SUBSCRIBE', 'REFER', 'PUBLISH']);

/** @see RFC 3261 §8.2.2.2 */
function mergeKey(request: Message): string {
  return `${request.callId} ${request.fromTag} ${request.cseq}`;
}
