import type { Address, Failure, FlowId, Input, Outlet, Output, RandomSource, Step, Steppable } from '../contract.ts';
import { counterOfLoss } from '../engine/counters.ts';
import { Refusals } from '../engine/refusals.ts';
import { HeaderId } from '../message/header.ts';
import { Message } from '../message/message.ts';
import { refusals as messageRefusals, type Refusal } from '../message/refusal.ts';
import { Writer } from '../message/write.ts';
import { emptyAddress, isStream, sameAddress, setAddress, setPort } from './address-octets.ts';
import { Answers, isInDialog, offersHealing, wantsExtensions } from './answers.ts';
import { keyOfEntry } from './client-entry.ts';
import { Clients } from './clients.ts';
import type { EdgeCommand } from './command.ts';
import { type EdgeCounters, type EdgeRefusalCounter, noCounts } from './counters.ts';
import { Delivery } from './delivery.ts';
import type { EdgeNews } from './event.ts';
import { writeForwardedRequest } from './forwarded-request.ts';
import { writeForwardedResponse } from './forwarded-response.ts';
import { type Destination, Itinerary } from './itinerary.ts';
import { datagramSizeMax } from './limits.ts';
import { Locals } from './local.ts';
import { LostRegistrations } from './lost-registrations.ts';
import type { Peer } from './peers.ts';
import { type EdgeRefusal, losses, refusals } from './refusal.ts';
import { RouteTokens } from './route-tokens.ts';
import { findWayBack, ViaBranches, type WayBack } from './via-branches.ts';

/** What an edge is set up with. */
export interface EdgeOptions {
  /** Where it is reached; one for each protocol, or one for IPv4 and one for IPv6. */
  readonly locals: readonly Address[];
  /** Who may ask for more than a dialog with a good token allows. Entries are as in `Clients`. */
  readonly clients: readonly string[];
  /** Where requests go whose Request-URI is the edge itself or a name; without it they get 404. */
  readonly defaultTarget?: Address | undefined;
  readonly random: RandomSource;
  /** Whether somebody hears what is refused. */
  readonly reportsRefusals?: boolean;
}

/** RFC 3261 §16.6 (3). */
const maxForwardsDefault = 70;

/**
 * A record-routing proxy that sees when a dialog's state is lost and asks the right end to heal it, sans-IO: the server of
 * Microsoft's figures.
 *
 * It is stateless. What it must know of a dialog stands in the dialog's routes (`RouteTokens`), what it must know of a
 * transaction in the Vias (`ViaBranches`), so a million dialogs cost it nothing; all that it remembers is the keys to both,
 * which peers can be reached (`Delivery`), and what it was told. In the order of the questions that it asks:
 *
 * - Is it valid (RFC 3261 §16.3)? Loops are looked for last, when it is known where the request would go.
 * - In a dialog: has its sender a registration, its route a good token, and that token the flow which the sender has now?
 *   If not, the sender is told to mend that: by 430 with what it has to do, if it offers the option tag, else by 481.
 * - From whom? Clients and hops of the list may send anything anywhere. A stranger may send inside a dialog whose token is
 *   good, and only to a side of it; anything else gets 403.
 * - Whereto? By the connection that the token names, else to the next Route, else to the Request-URI, by numeric address. There is no
 *   DNS here: a name, like the edge itself, is the default target's business, or else a domain that we do not handle, which
 *   is what 404 says (RFC 3261 §21.4.5).
 * - Can that be reached? If not, only its own healing helps: 430 with Wait-For-Session-Update, or 481; outside a dialog 480.
 *
 * No ACK is ever answered. CANCEL is treated like any request, and so gets what its INVITE got. It forks nothing, and so
 * neither reads nor writes Max-Breadth (RFC 5393 §5).
 *
 * @see RFC 3261 §16.3–16.6, §16.9, §16.11; RFC 5393 §4; [MS-SIPRE] §3.7.5.1
 */
export class Edge implements Steppable<EdgeCommand, EdgeNews> {
  readonly #outputs: Output<EdgeNews>[] = [];
  readonly #outlet: Outlet;
  readonly #message = new Message();
  readonly #writer = new Writer();
  readonly #counters: EdgeCounters = noCounts();
  readonly #refusals: Refusals<EdgeRefusalCounter>;
  readonly #locals: Locals;
  readonly #itinerary: Itinerary;
  readonly #tokens: RouteTokens;
  readonly #branches: ViaBranches;
  readonly #registrations = new LostRegistrations();
  readonly #delivery: Delivery;
  readonly #answers: Answers;
  readonly #defaultTarget: Address | undefined;
  readonly #defaultOctets = emptyAddress();
  readonly #wayBack: WayBack = { octets: emptyAddress(), maddr: false };

  /** @throws UsageError when an entry of `clients` is no numeric address */
  constructor(options: EdgeOptions) {
    const { random, defaultTarget } = options;
    const outputs = this.#outputs;
    this.#outlet = {
      send: (flow, bytes) => outputs.push({ kind: 'send', flow, bytes }),
      open: (openId, remote, connected) => outputs.push({ kind: 'open', openId, remote, connected }),
      close: (flow) => outputs.push({ kind: 'close', flow }),
    };
    this.#refusals = new Refusals<EdgeRefusalCounter>(
      this.#counters,
      options.reportsRefusals
        ? (report) => outputs.push({ kind: 'event', event: { kind: 'refused', report } })
        : undefined,
    );
    this.#locals = new Locals(options.locals);
    this.#itinerary = new Itinerary(this.#locals);
    this.#tokens = new RouteTokens(random);
    this.#branches = new ViaBranches(random, this.#locals);
    this.#delivery = new Delivery({
      random,
      clients: new Clients(options.clients),
      outlet: this.#outlet,
      counters: this.#counters,
      emit: (event) => outputs.push({ kind: 'event', event }),
      undelivered: (bytes) => this.#giveBack(bytes),
    });
    this.#answers = new Answers({
      message: this.#message,
      writer: this.#writer,
      outlet: this.#outlet,
      counters: this.#counters,
      refusals: this.#refusals,
      branches: this.#branches,
      delivery: this.#delivery,
    });
    this.#defaultTarget = defaultTarget;
    if (defaultTarget !== undefined && !setAddress(this.#defaultOctets, defaultTarget)) {
      throw new RangeError(`no numeric address: ${defaultTarget.host}`);
    }
  }

  get counters(): Readonly<EdgeCounters> {
    return this.#counters;
  }

  step(nowMs: number, inputs: readonly Input<EdgeCommand>[]): Step<EdgeNews> {
    this.#outputs.length = 0;
    this.#delivery.nowMs = Math.max(nowMs, this.#delivery.nowMs);
    this.#refusals.advance(this.#delivery.nowMs);
    for (const input of inputs) this.#take(input);
    return { outputs: this.#outputs, wakeAtMs: this.#refusals.wakeAtMs };
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
        this.#countLoss(input.failure, this.#delivery.addressOf(input.flow));
        this.#delivery.flowLost(input.flow, input.failure.code === 'SIP_FLOW_IDLE');
        break;
      case 'turned-away':
        this.#countLoss(input.failure, input.remote);
        break;
      case 'message-shed': // an edge has one shard
        break;
      case 'message-refused':
        this.#refuseUnread(input.flow, input.head, messageRefusals[input.fault]);
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
    if (source !== undefined && this.#message.answerable) this.#answers.refuse(source, flow, refusal);
    else this.#refusals.count('droppedMalformed', refusal.phrase, source?.address);
    this.#delivery.flowLost(flow, false);
    this.#outlet.close(flow);
  }

  #countLoss({ code, message }: Failure, source: Address | undefined): void {
    const counter = counterOfLoss(code);
    if (counter !== undefined) this.#refusals.count(counter, message, source);
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
      case 'lose-flow':
        this.#tokens.loseFlow(keyOfEntry(command.client, 'client'));
        break;
      case 'lose-registration':
        this.#registrations.lose(keyOfEntry(command.client, 'client'));
        break;
      case 'restore-registration':
        this.#registrations.restore(keyOfEntry(command.client, 'client'));
        break;
    }
  }

  #receive(flow: FlowId, bytes: Uint8Array): void {
    const source = this.#delivery.heard(flow);
    const message = this.#message;
    const refusal = message.scan(bytes);
    // What keeps a NAT's binding alive is nothing to tell of. @see RFC 5626 §3.5.1
    if (source === undefined || refusal === messageRefusals.empty) this.#counters.droppedMalformed++;
    else if (refusal === undefined && !message.isRequest) this.#forwardResponse(source);
    else if (refusal === undefined) this.#receiveRequest(source, flow);
    else if (message.answerable) this.#answers.refuse(source, flow, refusal);
    else this.#refusals.count('droppedMalformed', refusal.phrase, source.address);
  }

  /** @see RFC 3261 §16.3; all of it but the loops */
  #receiveRequest(source: Peer, flow: FlowId): void {
    const message = this.#message;
    const { method, maxForwards } = message;
    findWayBack(this.#wayBack, message, source.octets, source.known);
    this.#branches.make(message, this.#wayBack);
    const destination = this.#itinerary.read(message);
    const isLast = maxForwards.presence === 'present' && maxForwards.value === 0;
    if (destination === 'malformed') this.#answers.refuse(source, flow, refusals.route);
    else if (maxForwards.presence === 'malformed') this.#answers.refuse(source, flow, refusals.maxForwards);
    else if (method === 'OPTIONS' && (isLast || this.#isForUs(destination))) this.#answers.options(source, flow);
    else if (destination === 'scheme') this.#answers.refuse(source, flow, refusals.scheme);
    else if (isLast) this.#answers.refuse(source, flow, refusals.hops);
    else if (method === 'ACK' && this.#isOurAnswers(message)) this.#counters.droppedAcks++;
    else if (method !== 'ACK' && method !== 'CANCEL' && wantsExtensions(message, HeaderId.ProxyRequire))
      this.#answers.refuseExtensions(source, flow, HeaderId.ProxyRequire);
    else this.#checkDialog(source, flow, destination);
  }

  #isForUs(destination: Destination): boolean {
    const { user } = this.#message.requestUriParts;
    return destination === 'ourselves' && user.start === user.end;
  }

  /** An ACK for a failure that we made goes no further. */
  #isOurAnswers(ack: Message): boolean {
    return this.#branches.isTag(ack.bytes, ack.to.tag.start, ack.to.tag.end);
  }

  /** Is all that there must be of its dialog on the side of its sender? @see [MS-SIPRE] §3.7.5.1 */
  #checkDialog(source: Peer, flow: FlowId, destination: Destination): void {
    const message = this.#message;
    const { token } = this.#itinerary;
    const inDialog = isInDialog(message);
    const carried = inDialog && token.end > token.start;
    if (inDialog && this.#registrations.has(source.octets)) {
      this.#answers.refuseLoss(source, flow, losses.registration);
    } else if (carried && !this.#tokens.read(message, token.start, token.end)) {
      // For an INVITE that began with a Route of its own making, and failed: its ACK goes its way.
      if (message.method === 'ACK' && !this.#tokens.formed) this.#route(source, flow, destination, false);
      else this.#answers.refuseLoss(source, flow, losses.path);
    } else if (carried && offersHealing(message) && this.#hasNewFlow(source)) {
      this.#answers.refuseLoss(source, flow, losses.path);
    } else {
      this.#route(source, flow, destination, carried);
    }
  }

  /**
   * The token names a flow of the sender's that is gone: what comes from the far side would not reach it. Who cannot heal is not
   * told: its own request can be delivered.
   */
  #hasNewFlow(source: Peer): boolean {
    const near = this.#tokens.near(source.octets);
    if (near === undefined || this.#message.method === 'ACK') return false;
    if (this.#tokens.lost(near)) return true;
    if (!isStream(near) || sameAddress(near, source.octets)) return false;
    const former = this.#delivery.find(near);
    return former?.inbound === true && former.lost;
  }

  #route(source: Peer, flow: FlowId, destination: Destination, carried: boolean): void {
    const asked = destination === 'resolved' ? this.#itinerary.next : undefined;
    const opposite = carried ? this.#tokens.opposite(source.octets) : undefined;
    if (source.known) {
      const target = opposite !== undefined && this.#isReachedByToken(opposite) ? opposite : (asked ?? opposite);
      if (target === undefined) this.#sendToDefault(source, flow, destination);
      else this.#checkDestination(source, flow, target, carried);
    } else {
      const target = opposite ?? this.#sideAskedFor(asked, carried);
      if (!carried) this.#answers.refuse(source, flow, refusals.stranger);
      else if (target === undefined || !this.#mayRefresh(source)) this.#answers.refuse(source, flow, refusals.side);
      else this.#checkDestination(source, flow, target, carried);
    }
  }

  /** Who came by a connection is reached by that alone, whatever its Contact says. */
  #isReachedByToken(opposite: Uint8Array): boolean {
    if (!isStream(opposite) || this.#itinerary.routed) return false;
    return this.#delivery.find(opposite)?.inbound === true;
  }

  /** A third party, which the token does not name, may ask for either side of the dialog. */
  #sideAskedFor(asked: Uint8Array | undefined, carried: boolean): Uint8Array | undefined {
    return carried && asked !== undefined && this.#tokens.names(asked) ? asked : undefined;
  }

  /** A refresh from elsewhere could draw the dialog's route to its sender. */
  #mayRefresh(stranger: Peer): boolean {
    return !getsRecordRoute(this.#message.method) || this.#tokens.namesIp(stranger.octets);
  }

  #sendToDefault(source: Peer, flow: FlowId, destination: Destination): void {
    const defaultTarget = this.#defaultTarget;
    if (defaultTarget === undefined || this.#itinerary.routed) {
      this.#answers.refuse(source, flow, notFound(destination));
      return;
    }
    this.#forwardRequest(source, flow, this.#defaultOctets, destination === 'ourselves' ? defaultTarget : undefined);
  }

  /** Is the flow still there that the token means by `target`? */
  #checkDestination(source: Peer, flow: FlowId, target: Uint8Array, carried: boolean): void {
    const isGone = carried && this.#tokens.names(target) && this.#tokens.lost(target);
    if (isGone) this.#answers.refuseLoss(source, flow, losses.destination);
    else this.#forwardRequest(source, flow, target, undefined);
  }

  /** `host`: what takes the place of the Request-URI's, which is our own. */
  #forwardRequest(source: Peer, flow: FlowId, target: Uint8Array, host: Address | undefined): void {
    const message = this.#message;
    const { branch } = this.#branches;
    const { maxForwards, method } = message;
    const local = this.#locals.toward(target);
    const sourceLocal = this.#locals.toward(source.octets);
    this.#branches.route(message, this.#itinerary, target);
    const peer = this.#delivery.at(target);
    if (local === undefined || sourceLocal === undefined) {
      this.#answers.refuse(source, flow, refusals.transport);
    } else if (this.#branches.loops(message)) {
      this.#answers.refuse(source, flow, refusals.loop);
    } else if (method === 'ACK' ? peer.lost : !this.#delivery.takes(peer, branch)) {
      this.#answers.refuseLoss(source, flow, losses.destination);
    } else {
      const recorded = getsRecordRoute(method);
      const stream = isStream(peer.octets);
      const bytes = writeForwardedRequest(this.#writer, message, {
        local,
        sourceLocal,
        branch,
        maxForwards: maxForwards.presence === 'present' ? maxForwards.value - 1 : maxForwardsDefault,
        source: source.address,
        itinerary: this.#itinerary,
        token: recorded ? (writer) => this.#tokens.write(writer, message, source.octets, peer.octets) : undefined,
        host,
        stream,
      });
      if (!stream && bytes.length > datagramSizeMax) {
        this.#answers.refuse(source, flow, refusals.datagram);
        return;
      }
      this.#counters.forwardedRequests++;
      this.#delivery.sendRequest(peer, bytes);
    }
  }

  #forwardResponse(source: Peer): void {
    // What verifies was made by us: sent-by and branch of the topmost Via, and the one behind it, which is the way back.
    if (!this.#branches.read(this.#message)) {
      this.#refusals.count('droppedResponses', 'Response to No Request', source.address);
      return;
    }
    this.#counters.forwardedResponses++;
    const { method, status } = this.#message;
    if (method === 'REGISTER' && status >= 200 && status < 300) this.#registrations.registered(this.#branches.reply);
    this.#sendBack();
  }

  /** Sends the response at hand where `branches.reply` says, without its topmost Via. @see RFC 3261 §18.2.2 */
  #sendBack(): void {
    const { reply } = this.#branches;
    const stream = isStream(reply);
    if (stream && this.#delivery.find(reply)?.flow === undefined) {
      const { port, protocol } = this.#message.secondVia;
      setPort(reply, port === 0 ? (protocol === 'tls' ? 5061 : 5060) : port);
      // A stranger's Via opens no flows.
      if (!this.#delivery.at(reply).known) {
        this.#counters.shed++;
        return;
      }
    }
    const bytes = writeForwardedResponse(this.#writer, this.#message, stream);
    if (stream || bytes.length <= datagramSizeMax) this.#delivery.send(this.#delivery.at(reply), bytes);
    else this.#counters.shed++;
  }

  /** A message waited for a flow in vain: a request is answered as the destination that is lost. @see RFC 3261 §16.9 */
  #giveBack(bytes: Uint8Array): void {
    const message = this.#message;
    const isForwarded = message.scan(bytes) === undefined && message.isRequest && this.#branches.read(message);
    if (!isForwarded || message.method === 'ACK') {
      this.#counters.shed++;
      return;
    }
    this.#counters.returned++;
    const answer = this.#answers.writeForLost(losses.destination);
    if (message.scan(answer) === undefined) this.#sendBack();
  }
}

function notFound(destination: Destination): EdgeRefusal {
  switch (destination) {
    case 'ourselves':
      return refusals.ourselves;
    case 'transport':
      return refusals.transport;
    default:
      return refusals.name;
  }
}

/**
 * What makes a dialog or refreshes its target gets our Record-Route, and so does every method that we do not know: it may do
 * either.
 *
 * @see RFC 3261 §16.6 (4); RFC 5057 §5.4
 */
function getsRecordRoute(method: string): boolean {
  switch (method) {
    case 'ACK':
    case 'BYE':
    case 'CANCEL':
    case 'INFO':
    case 'MESSAGE':
    case 'OPTIONS':
    case 'PRACK':
    case 'PUBLISH':
    case 'REGISTER':
      return false;
    default:
      return true;
  }
}
