import type { FlowId } from '../contract.ts';
import { allowHeader } from '../dialog/abilities.ts';
import { Message, type Refusal } from '../message/message.ts';
import { reasonPhrase } from '../message/status.ts';
import { beginResponse, endMessage } from '../message/write.ts';
import { counterOf, type RefusalCounter } from './counters.ts';
import type { InDialog } from './in-dialog.ts';
import type { OutOfDialog } from './out-of-dialog.ts';
import type { Parts } from './parts.ts';
import { RequestMark } from './trust.ts';

/** Of SIP over UDP and TCP. @see RFC 3261 §18.2.2 */
const defaultPort = 5060;

/** Of a server that is full. */
const retryLater = 'Retry-After: 5\r\n';

/** What comes from flows: each message goes to its transaction, and from there to whoever decides what it means. */
export class Reception {
  readonly #parts: Parts;
  readonly #inDialog: InDialog;
  readonly #outOfDialog: OutOfDialog;
  readonly #message = new Message();

  constructor(parts: Parts, inDialog: InDialog, outOfDialog: OutOfDialog) {
    this.#parts = parts;
    this.#inDialog = inDialog;
    this.#outOfDialog = outOfDialog;
  }

  /** `replyFlow` is where responses go: by default where the request came from. */
  receive(bytes: Uint8Array, flow: FlowId, replyFlow: FlowId = flow): void {
    this.#parts.hops.heard(flow);
    const message = this.#message;
    const refusal = message.scan(bytes);
    const isTaken = refusal === undefined && message.isRequest;
    const isAnswered = isTaken || message.answerable;
    if (isAnswered && replyFlow === flow && this.#awaitsReplyFlow(message, bytes, flow)) return;
    if (refusal !== undefined) {
      this.#refuse(message, replyFlow, refusal);
    } else if (!message.isRequest) {
      this.#receiveResponse(message, flow);
    } else {
      this.#receiveRequest(message, replyFlow, replyFlow !== flow);
    }
  }

  /** Answers a message that the transport does not take, of which `head` is there. */
  refuseUnread(head: Uint8Array, flow: FlowId, refusal: Refusal): void {
    this.#message.scan(head);
    this.#refuse(this.#message, flow, refusal);
  }

  /** Answers a request that is not taken for want of room. @see RFC 3261 §21.5.4 */
  shed(bytes: Uint8Array, flow: FlowId): void {
    const message = this.#message;
    const isAnswered = message.scan(bytes) === undefined && message.isRequest && message.method !== 'ACK';
    if (isAnswered) this.#answerStateless(message, flow, 503, reasonPhrase(503), retryLater);
  }

  #receiveResponse(message: Message, flow: FlowId): void {
    const { clients, counters, hops } = this.#parts;
    counters.receivedResponses++;
    // A second Via means that it was meant for another. @see RFC 3261 §8.1.3.3
    const isOurs = message.secondVia.presence === 'absent';
    if (isOurs && clients.receive(message, flow) !== 'stray') return;
    // Probes have no transaction.
    if (isOurs && message.cseq.method === 'OPTIONS' && hops.byFlow(flow) !== undefined) return;
    this.#drop('droppedResponses', 'Response to No Request', flow);
    if (message.status === 430) this.#drop('dropped430', '430 to No Request', flow);
  }

  #receiveRequest(message: Message, flow: FlowId, cameElsewhere: boolean): void {
    this.#parts.counters.receivedRequests++;
    const reliable = this.#parts.remote(flow)?.protocol !== 'udp';
    if (reliable) this.#recognise(message, flow);
    const received = this.#parts.servers.receive(message, flow, reliable);
    switch (received.kind) {
      case 'absorbed':
        if (message.method !== 'ACK') this.#parts.counters.repeatedRequests++;
        break;
      case 'ack-for-2xx':
        if (!this.#inDialog.receiveAck(message) && !this.#parts.statelessTags.isOf(message))
          this.#drop('droppedAcks', 'ACK of No Answer', flow);
        break;
      case 'full':
        this.#answerStateless(message, flow, 503, reasonPhrase(503), retryLater);
        break;
      case 'merged':
        received.tx.mark = cameElsewhere ? RequestMark.cameByAnotherFlow : 0;
        this.#outOfDialog.receiveCopy(received, message);
        break;
      case 'new':
        received.tx.mark = cameElsewhere ? RequestMark.cameByAnotherFlow : 0;
        if (message.method === 'CANCEL') this.#outOfDialog.cancel(received.tx, message);
        else if (message.to.tag.end > message.to.tag.start) this.#inDialog.receive(received.tx, message);
        else this.#outOfDialog.receive(received.tx, message);
        break;
    }
  }

  /** The port of a connection that a hop opened says nothing; the sent-by of its requests does. */
  #recognise({ via }: Message, flow: FlowId): void {
    const { hops, remote } = this.#parts;
    const source = remote(flow);
    if (source === undefined || hops.byFlow(flow) !== undefined) return;
    const { protocol, host } = source;
    hops.recognise(flow, { protocol, host, port: via.port === 0 ? defaultPort : via.port });
  }

  /**
   * A client on UDP that does not ask for symmetric responses may want them at another port: its request is then taken when there is a
   * flow to that. Where there is no room for one it is answered where it came from.
   *
   * @see RFC 3261 §18.2.2
   */
  #awaitsReplyFlow({ via }: Message, bytes: Uint8Array, flow: FlowId): boolean {
    const { hops, remote } = this.#parts;
    const source = remote(flow);
    const port = via.port === 0 ? defaultPort : via.port;
    if (via.protocol !== 'udp' || via.rport || source === undefined || source.port === port) return false;
    const hop = hops.forReplies({ protocol: 'udp', host: source.host, port });
    if (hop === undefined) return false;
    hops.whenOpen(hop, (replyFlow) => {
      if (replyFlow !== undefined) this.receive(bytes, flow, replyFlow);
    });
    return true;
  }

  #refuse(message: Message, flow: FlowId, refusal: Refusal): void {
    const { reason, status, phrase } = refusal;
    if (message.answerable) this.#answerStateless(message, flow, status, phrase, status === 501 ? allowHeader : '');
    // What keeps a NAT's binding alive is no message. @see RFC 5626 §3.5.1
    else if (reason !== 'empty') this.#drop('droppedMalformed', phrase, flow);
  }

  #drop(counter: RefusalCounter, reason: string, flow: FlowId): void {
    this.#parts.refusals.count(counter, reason, this.#parts.remote(flow));
  }

  #answerStateless(message: Message, flow: FlowId, status: number, phrase: string, lines: string): void {
    const { writer, statelessTags, outlet, remote, refusals } = this.#parts;
    refusals.count(counterOf(status), phrase, remote(flow));
    beginResponse(writer, message, status, phrase, { toTag: statelessTags.of(message), source: remote(flow) });
    writer.text(lines);
    outlet.send(flow, endMessage(writer, undefined, undefined));
  }
}
