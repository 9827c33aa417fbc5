import type { Address } from '../contract.ts';
import { callAbilities, replacesHeader } from '../dialog/abilities.ts';
import { decodeText } from '../message/bytes.ts';
import type { Message } from '../message/message.ts';
import { isNumericHost } from '../message/numeric-address.ts';
import { reasonPhrase } from '../message/status.ts';
import { beginResponse, endMessage } from '../message/write.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { Content } from './command.ts';
import { endWithContent, noContent } from './content.ts';
import { counterOf } from './counters.ts';
import type { Parts } from './parts.ts';

/** What makes one response differ from another. */
export interface ResponseShape {
  readonly toTag?: string;
  /** In place of the usual Reason-Phrase. */
  readonly reason?: string;
  /** Record-Route is echoed: in what establishes or refreshes a dialog. */
  readonly recordRoute?: boolean;
  /** Header lines of ours, each ended by CRLF. */
  readonly lines?: string;
  readonly content?: Content;
  /** Writes header lines, where a text would not do. */
  readonly write?: () => void;
}

/** Answers requests: by the flow that each came by, or when that is lost by a new one. @see RFC 3261 §8.2.6, §18.2.2 */
export class Responder {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Gives what it has sent. */
  respond(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape = {}): Uint8Array {
    const { remote, servers } = this.#parts;
    const { id, reachable } = tx;
    const bytes = this.#write(tx, request, status, shape);
    if (!reachable && isDue(tx, status)) this.#sendElsewhere(id, replyAddress(request, remote(tx.flow)), bytes);
    servers.respond(tx, status, bytes);
    return bytes;
  }

  /**
   * Answers a new request of which nothing is kept: one that comes again is answered again, and nothing is sent of ourselves. So a
   * stranger, who may have written somebody else's address, neither takes up room nor has us send more than he did.
   *
   * @see RFC 3261 §8.2.7
   */
  respondStateless(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape = {}): void {
    const { servers, outlet, statelessTags } = this.#parts;
    const { flow } = tx;
    const bytes = this.#write(tx, request, status, { ...shape, toTag: statelessTags.of(request) });
    servers.forget(tx);
    outlet.send(flow, bytes);
  }

  /** Refuses a request of a dialog's, which is counted and reported. */
  refuse(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape = {}): void {
    this.#count(tx, status, shape);
    this.respond(tx, request, status, shape);
  }

  /** Refuses a request of a stranger's, or of somebody who may be one, without state. */
  turnAway(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape = {}): void {
    this.#count(tx, status, shape);
    this.respondStateless(tx, request, status, shape);
  }

  #count(tx: ServerTransaction, status: number, { reason }: ResponseShape): void {
    const { refusals, remote } = this.#parts;
    refusals.count(counterOf(status), reason ?? reasonPhrase(status), remote(tx.flow));
  }

  #write(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape): Uint8Array {
    const { writer, remote, table, recovery } = this.#parts;
    const { toTag, reason, recordRoute } = shape;
    const isSuccess = status >= 200 && status < 300;
    beginResponse(writer, request, status, reason, { toTag, recordRoute, source: remote(tx.flow) });
    if (isSuccess) writer.octets(callAbilities(table));
    if (isSuccess && recovery.replaces && request.method === 'INVITE') writer.text(replacesHeader);
    shape.write?.();
    if (shape.lines !== undefined) writer.text(shape.lines);
    return endWithContent(writer, shape.content ?? noContent);
  }

  /** The transaction goes on as if the response were sent, and if it still lives what follows goes the new way as well. */
  #sendElsewhere(id: number, address: Address | undefined, bytes: Uint8Array): void {
    const { hops, servers, outlet } = this.#parts;
    const hop = address && hops.forAddress(address);
    if (hop === undefined) return;
    hops.whenOpen(hop, (flow) => {
      if (flow === undefined) return;
      const tx = servers.get(id);
      if (tx !== undefined) servers.move(tx, flow);
      outlet.send(flow, bytes);
    });
  }

  /** Lets the transaction send 100 should the program take its time. */
  pend(tx: ServerTransaction, request: Message): void {
    const { writer, remote, servers } = this.#parts;
    beginResponse(writer, request, 100, undefined, { source: remote(tx.flow) });
    servers.pend(tx, endMessage(writer, undefined, undefined));
  }
}

/** Whether a response is to be sent at all: there is one final response, and to a non-INVITE no 408 (RFC 4320 §4.2). */
function isDue({ state, method }: ServerTransaction, status: number): boolean {
  return (state === 'trying' || state === 'proceeding') && (status !== 408 || method === 'INVITE');
}

/**
 * Where a response goes whose flow is lost: the host that the request came from, else the one that sent-by names, at sent-by's
 * port, or for UDP with `rport` at the port that it came from.
 *
 * @see RFC 3261 §18.2.2, RFC 3581 §4
 */
function replyAddress({ bytes, via }: Message, source: Address | undefined): Address | undefined {
  const port = via.port === 0 ? 5060 : via.port;
  if (source !== undefined) {
    const { protocol, host } = source;
    return protocol === 'udp' && via.rport ? source : { protocol, host, port };
  }
  const host = decodeText(bytes, via.host.start, via.host.end);
  return isNumericHost(host) ? { protocol: via.protocol, host, port } : undefined;
}
