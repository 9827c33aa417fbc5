import type { FlowId, Outlet } from '../contract.ts';
import { resilienceTag } from '../dialog/abilities.ts';
import type { Refusals } from '../engine/refusals.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { reasonPhrase } from '../message/status.ts';
import { beginResponse, endMessage, type Writer } from '../message/write.ts';
import { emptyAddress, sameAddress } from './address-octets.ts';
import { counterOf, type EdgeCounters, type EdgeRefusalCounter, isRefusal } from './counters.ts';
import type { Delivery } from './delivery.ts';
import type { Peer } from './peers.ts';
import { type DialogLoss, type EdgeRefusal, refusals } from './refusal.ts';
import { findWayBack, type ViaBranches, type WayBack } from './via-branches.ts';

/** What a proxy says of itself; it takes no bodies. @see RFC 3261 §11.2 */
const capabilities = `Accept: \r\nAccept-Encoding: \r\nAccept-Language: en\r\nSupported: ${resilienceTag}\r\n`;

/** An answer, before it is addressed. */
interface Answer {
  readonly status: number;
  /** Undefined: the status's own. */
  readonly phrase?: string | undefined;
  /** Header lines of its own. */
  readonly lines: string;
}

/**
 * What an edge says itself to the request at hand, as a user agent server would, without keeping state. An ACK is never answered.
 *
 * @see RFC 3261 §8.2.6, §8.2.7, §16.3
 */
export class Answers {
  readonly #message: Message;
  readonly #writer: Writer;
  readonly #outlet: Outlet;
  readonly #counters: EdgeCounters;
  readonly #refusals: Refusals<EdgeRefusalCounter>;
  readonly #branches: ViaBranches;
  readonly #delivery: Delivery;
  readonly #wayBack: WayBack = { octets: emptyAddress(), maddr: false };

  constructor(parts: {
    /** The request at hand. */
    readonly message: Message;
    readonly writer: Writer;
    readonly outlet: Outlet;
    readonly counters: EdgeCounters;
    readonly refusals: Refusals<EdgeRefusalCounter>;
    readonly branches: ViaBranches;
    readonly delivery: Delivery;
  }) {
    this.#message = parts.message;
    this.#writer = parts.writer;
    this.#outlet = parts.outlet;
    this.#counters = parts.counters;
    this.#refusals = parts.refusals;
    this.#branches = parts.branches;
    this.#delivery = parts.delivery;
  }

  /** Answers OPTIONS as its last recipient. @see RFC 3261 §11 */
  options(source: Peer, flow: FlowId): void {
    if (wantsExtensions(this.#message, HeaderId.Require)) this.refuseExtensions(source, flow, HeaderId.Require);
    else this.#send(source, flow, { status: 200, lines: capabilities });
  }

  refuse(source: Peer, flow: FlowId, refusal: EdgeRefusal): void {
    this.#send(source, flow, { ...refusal, lines: '' });
  }

  /** Refuses the extensions that `header` demands: we understand none, so all are listed. */
  refuseExtensions(source: Peer, flow: FlowId, header: HeaderId): void {
    const message = this.#message;
    let lines = '';
    for (let line = message.first(header); line >= 0; line = message.next(line)) {
      const value = message.text({ start: message.valueStart(line), end: message.valueEnd(line) });
      if (value !== '') lines += `Unsupported: ${value}\r\n`;
    }
    this.#send(source, flow, { ...refusals.extension, lines });
  }

  /** Tells the sender what of its dialog is lost. */
  refuseLoss(source: Peer, flow: FlowId, loss: DialogLoss): void {
    if (this.#message.method === 'ACK') this.#counters.droppedAcks++;
    else this.#send(source, flow, this.#tell(loss));
  }

  /** Writes the answer to a request that we have forwarded, and that did not get to where it was to go. */
  writeForLost(loss: DialogLoss): Uint8Array {
    const message = this.#message;
    const { status, phrase, lines } = this.#tell(loss);
    this.#counters[counterOf(status)]++;
    const toTag = isInDialog(message) ? undefined : this.#branches.tagOf(message);
    beginResponse(this.#writer, message, status, phrase, { toTag });
    return endMessage(this.#writer.text(lines), undefined, undefined);
  }

  /** 430 and what to do to who offers the option tag, else 481; outside a dialog 480. */
  #tell(loss: DialogLoss): Answer {
    const message = this.#message;
    if (!isInDialog(message)) return { ...refusals.unreachable, lines: '' };
    if (!offersHealing(message)) return { status: 481, phrase: loss.phrase, lines: '' };
    this.#counters[loss.counter]++;
    return { status: 430, lines: loss.action };
  }

  #send(source: Peer, flow: FlowId, { status, phrase, lines }: Answer): void {
    const message = this.#message;
    if (message.method === 'ACK') {
      this.#counters.droppedAcks++;
      return;
    }
    const counter = counterOf(status);
    if (isRefusal(counter)) this.#refusals.count(counter, phrase ?? reasonPhrase(status), source.address);
    else this.#counters[counter]++;
    const wayBack = this.#wayBack;
    findWayBack(wayBack, message, source.octets, source.known);
    this.#branches.make(message, wayBack);
    const toTag = isInDialog(message) ? undefined : this.#branches.tag();
    beginResponse(this.#writer, message, status, phrase, { toTag, source: source.address });
    const bytes = endMessage(this.#writer.text(lines), undefined, undefined);
    // A stranger's Via opens no flows: what it wants on another port it does not get.
    if (!source.known || sameAddress(wayBack.octets, source.octets)) this.#outlet.send(flow, bytes);
    else this.#delivery.send(this.#delivery.at(wayBack.octets), bytes);
  }
}

export function isInDialog(request: Message): boolean {
  const { tag } = request.to;
  return tag.end > tag.start;
}

/** Can the sender repair its dialog? */
export function offersHealing(request: Message): boolean {
  return request.hasToken(HeaderId.Supported, resilienceTag);
}

/** Does it demand any extension by this header? */
export function wantsExtensions(request: Message, header: HeaderId): boolean {
  for (let line = request.first(header); line >= 0; line = request.next(line)) {
    if (request.valueEnd(line) > request.valueStart(line)) return true;
  }
  return false;
}
