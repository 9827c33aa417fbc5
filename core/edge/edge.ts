import type { Address, FlowId, Input, Outlet, Output, RandomSource, Step, Steppable } from '../contract.ts';
import { resilienceTag } from '../dialog/request.ts';
import { HeaderId } from '../message/header.ts';
import { Message, type Refusal } from '../message/message.ts';
import { refusals } from '../message/refusal.ts';
import { beginResponse, endMessage, Writer } from '../message/write.ts';
import { emptyAddress, sameAddress, setAddress } from './address-octets.ts';
import { Clients } from './clients.ts';
import type { EdgeCommand } from './command.ts';
import { Delivery } from './delivery.ts';
import { type EdgeCounters, type EdgeEvent, noCounts } from './event.ts';
import { writeForwardedRequest, writeForwardedResponse } from './forwarder.ts';
import { type Destination, Itinerary } from './itinerary.ts';
import { Locals } from './local.ts';
import type { Peer } from './peers.ts';
import { RouteTokens } from './route-tokens.ts';
import { setReplyTo, ViaBranches } from './via-branches.ts';

/** What an edge is set up with. */
export interface EdgeOptions {
  /** Where it is reached; one for each protocol. */
  readonly locals: readonly Address[];
  /** Who may ask for more than a dialog with a good token allows. Entries are as in `Clients`. */
  readonly clients: readonly string[];
  /** Where requests go whose Request-URI is the edge itself or a name; without it they get 404. */
  readonly defaultTarget?: Address | undefined;
  readonly random: RandomSource;
}

/** RFC 3261 §16.6 (3). */
const maxForwardsDefault = 70;
const maxForwardsMalformed = 'Malformed Max-Forwards';

const routeSetUpdate = 'P-Dialog-Recovery-Action: Dialog-Route-Set-Update\r\n';
const waitForUpdate = 'P-Dialog-Recovery-Action: Wait-For-Session-Update\r\n';

/**
 * A record-routing proxy that sees when a dialog's state is lost and asks the right end to heal it, sans-IO: the server of
 * Microsoft's figures.
 *
 * It is stateless. What it must know of a dialog stands in the dialog's routes (`RouteTokens`), what it must know of a
 * transaction in the Vias (`ViaBranches`), so a million dialogs cost it nothing; all that it remembers is the keys to both, and
 * which peers can be reached (`Delivery`). In the order of the questions that it asks:
 *
 * - Through us, in a dialog: is the token good? If not, the state is lost: 430 with Dialog-Route-Set-Update to who offers the
 *   option tag, else 481.
 * - From whom? Clients and hops of the list may send anything anywhere. A stranger may send inside a dialog whose token is
 *   good, and only to the other side of it; anything else gets 403.
 * - Whereto? The next Route, else the Request-URI, by numeric address. There is no DNS here: a name, like the edge itself,
 *   is the default target's business, or else a domain that we do not handle, which is what 404 says (RFC 3261 §21.4.5).
 * - Can that be reached? If not, only its own healing helps: 430 with Wait-For-Session-Update, or 480. Here we leave [MS-SIPRE]
 *   §3.7.5.1, which would have 481: that ends a dialog whose destination may be back in a second.
 *
 * No ACK is ever answered. CANCEL is treated like any request, and so gets what its INVITE got.
 *
 * @see RFC 3261 §16.3–16.6, §16.11; [MS-SIPRE] §3.7.5.1
 */
export class Edge implements Steppable<EdgeCommand, EdgeEvent> {
  readonly #outputs: Output<EdgeEvent>[] = [];
  readonly #outlet: Outlet;
  readonly #message = new Message();
  readonly #writer = new Writer();
  readonly #counters: EdgeCounters = noCounts();
  readonly #locals: Locals;
  readonly #itinerary: Itinerary;
  readonly #tokens: RouteTokens;
  readonly #branches: ViaBranches;
  readonly #delivery: Delivery;
  readonly #defaultTarget: Address | undefined;
  readonly #defaultOctets = emptyAddress();
  readonly #reply = emptyAddress();

  /** @throws UsageError when an entry of `clients` is no numeric address */
  constructor(options: EdgeOptions) {
    const { random, defaultTarget } = options;
    const outputs = this.#outputs;
    this.#outlet = {
      send: (flow, bytes) => outputs.push({ kind: 'send', flow, bytes }),
      open: (openId, remote, connected) => outputs.push({ kind: 'open', openId, remote, connected }),
      close: (flow) => outputs.push({ kind: 'close', flow }),
    };
    this.#locals = new Locals(options.locals);
    this.#itinerary = new Itinerary(this.#locals);
    this.#tokens = new RouteTokens(random);
    this.#branches = new ViaBranches(random);
    this.#delivery = new Delivery({
      random,
      clients: new Clients(options.clients),
      outlet: this.#outlet,
      counters: this.#counters,
      emit: (event) => outputs.push({ kind: 'event', event }),
    });
    this.#defaultTarget = defaultTarget;
    if (defaultTarget !== undefined && !setAddress(this.#defaultOctets, defaultTarget)) {
      throw new RangeError(`no numeric address: ${defaultTarget.host}`);
    }
  }

  get counters(): Readonly<EdgeCounters> {
    return this.#counters;
  }

  step(nowMs: number, inputs: readonly Input<EdgeCommand>[]): Step<EdgeEvent> {
    this.#outputs.length = 0;
    this.#delivery.nowMs = Math.max(nowMs, this.#delivery.nowMs);
    for (const input of inputs) this.#take(input);
    return { outputs: this.#outputs, wakeAtMs: undefined };
  }

  #take(input: Input<EdgeCommand>): void {
    switch (input.kind) {
      case 'message':
        this.#receive(input.flow, input.bytes);
        break;
      case 'flow-open':
        this.#delivery.flowOpened(input.flow, input.remote, input.openId);
        break;
      case 'open-failed':
        this.#delivery.openFailed(input.openId);
        break;
      case 'flow-lost':
        this.#delivery.flowLost(input.flow, input.failure.code === 'SIP_FLOW_IDLE');
        break;
      case 'message-refused':
        this.#refuseUnread(input.flow, input.head, refusals[input.fault]);
        break;
      case 'command':
        this.#obey(input.command);
        break;
    }
  }

  /** Nothing can be read behind a message that the transport does not take: its flow ends with the answer. */
  #refuseUnread(flow: FlowId, head: Uint8Array, refusal: Refusal): void {
    const source = this.#delivery.heard(flow);
    this.#message.scan(head);
    if (source !== undefined && this.#message.answerable) this.#refuse(source, flow, refusal.status, refusal.phrase);
    else this.#counters.dropped++;
    this.#delivery.flowLost(flow, false);
    this.#outlet.close(flow);
  }

  #obey(command: EdgeCommand): void {
    switch (command.name) {
      case 'lose-memory':
        // The branches keep their key: what is under way comes back by its Vias, and retransmissions stay what they are.
        this.#tokens.forget();
        break;
      case 'clients':
        this.#delivery.list(new Clients(command.clients));
        break;
    }
  }

  #receive(flow: FlowId, bytes: Uint8Array): void {
    const source = this.#delivery.heard(flow);
    const message = this.#message;
    const refusal = message.scan(bytes);
    if (source === undefined) this.#counters.dropped++;
    else if (refusal === undefined && !message.isRequest) this.#forwardResponse();
    else if (refusal === undefined) this.#receiveRequest(source, flow);
    else if (message.answerable) this.#refuse(source, flow, refusal.status, refusal.phrase);
    else this.#counters.dropped++;
  }

  #receiveRequest(source: Peer, flow: FlowId): void {
    const message = this.#message;
    const { via, method, maxForwards } = message;
    setReplyTo(this.#reply, via, source.octets);
    this.#branches.make(message, this.#reply);
    const destination = this.#itinerary.read(message);
    if (destination === 'malformed') this.#refuse(source, flow, 400, 'Malformed Route');
    else if (method === 'OPTIONS' && this.#isForUs(destination)) this.#answer(source, flow, 200, undefined, '');
    else if (maxForwards.presence === 'malformed') this.#refuse(source, flow, 400, maxForwardsMalformed);
    else if (maxForwards.presence === 'present' && maxForwards.value === 0) this.#refuse(source, flow, 483);
    else if (method === 'ACK' && this.#isOurAnswers(message)) this.#counters.dropped++;
    else if (method !== 'ACK' && method !== 'CANCEL' && message.first(HeaderId.ProxyRequire) >= 0) {
      const tags = message.headerText(HeaderId.ProxyRequire) ?? '';
      this.#refuse(source, flow, 420, undefined, `Unsupported: ${tags}\r\n`);
    } else this.#route(source, flow, destination);
  }

  #isForUs(destination: Destination): boolean {
    const { user } = this.#message.requestUriParts;
    return destination === 'ourselves' && user.start === user.end;
  }

  /** An ACK for a failure that we made goes no further. */
  #isOurAnswers(ack: Message): boolean {
    return this.#branches.isTag(ack.bytes, ack.to.tag.start, ack.to.tag.end);
  }

  #route(source: Peer, flow: FlowId, destination: Destination): void {
    const message = this.#message;
    const { token, next } = this.#itinerary;
    const asked = destination === 'resolved' ? next : undefined;
    const carried = isInDialog(message) && token.end > token.start;
    if (carried && !this.#tokens.read(message, token.start, token.end)) {
      this.#refuseInDialog(source, flow, 481, routeSetUpdate);
    } else if (source.known) {
      const target = asked ?? (carried ? this.#tokens.opposite(source.octets) : undefined);
      if (target === undefined) this.#sendToDefault(source, flow, destination);
      else this.#forwardRequest(source, flow, target, undefined);
    } else {
      const target = carried ? this.#targetOfStranger(source, asked) : undefined;
      if (target === undefined) this.#refuse(source, flow, 403);
      else this.#forwardRequest(source, flow, target, undefined);
    }
  }

  /** The other side of its dialog; a third party may ask for either. */
  #targetOfStranger(source: Peer, asked: Uint8Array | undefined): Uint8Array | undefined {
    const opposite = this.#tokens.opposite(source.octets);
    if (opposite !== undefined) return opposite;
    return asked !== undefined && this.#tokens.names(asked) ? asked : undefined;
  }

  #sendToDefault(source: Peer, flow: FlowId, destination: Destination): void {
    const defaultTarget = this.#defaultTarget;
    if (destination === 'scheme') this.#refuse(source, flow, 416);
    else if (defaultTarget === undefined || this.#itinerary.routed) this.#refuse(source, flow, 404);
    else
      this.#forwardRequest(source, flow, this.#defaultOctets, destination === 'ourselves' ? defaultTarget : undefined);
  }

  /** `host`: what takes the place of the Request-URI's, which is our own. */
  #forwardRequest(source: Peer, flow: FlowId, target: Uint8Array, host: Address | undefined): void {
    const message = this.#message;
    const { branch } = this.#branches;
    const { maxForwards, method } = message;
    const peer = this.#delivery.at(target);
    const local = this.#locals.forProtocol(target);
    if (local === undefined) {
      this.#refuse(source, flow, 404);
    } else if (method === 'ACK' ? peer.lost : !this.#delivery.takes(peer, branch)) {
      this.#refuseInDialog(source, flow, 480, waitForUpdate);
    } else {
      const recorded = makesOrRefreshes(method);
      const bytes = writeForwardedRequest(this.#writer, message, {
        local,
        branch,
        maxForwards: maxForwards.presence === 'present' ? maxForwards.value - 1 : maxForwardsDefault,
        source: source.address,
        itinerary: this.#itinerary,
        token: recorded ? (writer) => this.#tokens.write(writer, message, source.octets, peer.octets) : undefined,
        host,
      });
      this.#counters.forwardedRequests++;
      this.#delivery.sendRequest(peer, bytes);
    }
  }

  #forwardResponse(): void {
    // The branch says better than sent-by that the topmost Via is ours.
    if (!this.#branches.read(this.#message)) {
      this.#counters.dropped++;
      return;
    }
    this.#counters.forwardedResponses++;
    const peer = this.#delivery.at(this.#branches.reply);
    this.#delivery.send(peer, writeForwardedResponse(this.#writer, this.#message));
  }

  /** Refuses with 430 and `action` what is in a dialog and offers the option tag, all else with `status`. */
  #refuseInDialog(source: Peer, flow: FlowId, status: number, action: string): void {
    const message = this.#message;
    if (isInDialog(message) && message.hasToken(HeaderId.Supported, resilienceTag)) {
      this.#refuse(source, flow, 430, undefined, action);
    } else {
      this.#refuse(source, flow, status);
    }
  }

  #refuse(source: Peer, flow: FlowId, status: number, phrase?: string, lines = ''): void {
    this.#answer(source, flow, status, phrase, lines);
  }

  #answer(source: Peer, flow: FlowId, status: number, phrase: string | undefined, lines: string): void {
    const message = this.#message;
    if (message.method === 'ACK') {
      this.#counters.dropped++;
      return;
    }
    count(this.#counters, status);
    setReplyTo(this.#reply, message.via, source.octets);
    const toTag = isInDialog(message) ? undefined : this.#toTag();
    beginResponse(this.#writer, message, status, phrase, { toTag, source: source.address });
    const bytes = endMessage(this.#writer.text(lines), undefined, undefined);
    // A stranger's Via opens no flows: what it wants on another port it does not get.
    if (!source.known || sameAddress(this.#reply, source.octets)) this.#outlet.send(flow, bytes);
    else this.#delivery.send(this.#delivery.at(this.#reply), bytes);
  }

  #toTag(): string {
    this.#branches.make(this.#message, this.#reply);
    return this.#branches.tag();
  }
}

function isInDialog(request: Message): boolean {
  const { tag } = request.to;
  return tag.end > tag.start;
}

/** Requests that make a dialog or refresh its target, and so get our Record-Route. @see RFC 3261 §16.6 (4), RFC 5057 §5.4 */
function makesOrRefreshes(method: string): boolean {
  switch (method) {
    case 'INVITE':
    case 'UPDATE':
    case 'SUBSCRIBE':
    case 'NOTIFY':
    case 'REFER':
      return true;
    default:
      return false;
  }
}

function count(counters: EdgeCounters, status: number): void {
  switch (status) {
    case 200:
      counters.answered200++;
      break;
    case 400:
      counters.refused400++;
      break;
    case 403:
      counters.refused403++;
      break;
    case 404:
      counters.refused404++;
      break;
    case 430:
      counters.refused430++;
      break;
    case 480:
      counters.refused480++;
      break;
    case 481:
      counters.refused481++;
      break;
    default:
      counters.refusedOther++;
  }
}
