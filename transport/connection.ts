import type { Address, Clock, MessageFault, TransportFailure } from './contract.ts';
import { Framer, type FramingFault } from './frame.ts';
import {
  bodySizeMax,
  firstMessageWaitMaxMs,
  headSizeMax,
  lingerMaxMs,
  messageWaitMaxMs,
  refusalWaitMaxMs,
  writeQueueSizeMax,
} from './limits.ts';
import type { Pipe, PipeUser } from './pipe.ts';
import type { Reader } from './read-budget.ts';

/** What a connection reports; none of it from inside a call. */
export interface ConnectionOwner {
  message(connection: Connection, bytes: Uint8Array): void;
  /** A message that cannot be taken, and behind which nothing can be read; `head` is what there is of its start line and header. */
  refused(connection: Connection, head: Uint8Array, fault: MessageFault): void;
  /** It carries nothing more. */
  lost(connection: Connection, code: TransportFailure, reason: string): void;
  /** It was closed by us, and is now gone. */
  gone(connection: Connection): void;
  /** It has read so many octets. */
  read(connection: Connection, size: number): void;
  /** It holds so many octets more, or less; it may be in the middle of a call. */
  heldMore(size: number): void;
}

/**
 * `open`: both ways. `refusing`: nothing is read any more, and the owner may answer before it closes. `closing`: closed by
 * us; what was written leaves, and what comes is thrown away until the peer closes. `closed`: gone.
 */
export type ConnectionState = 'open' | 'refusing' | 'closing' | 'closed';

const frameLimits = { headSizeMax, bodySizeMax };
const pongBytes = new Uint8Array([0x0d, 0x0a]);

/**
 * One stream connection above its octets: messages in, messages out.
 *
 * What is sent in one turn leaves in one write. Pings of the peer are answered. We send none of our own: a peer that has
 * not agreed to them need not answer (RFC 5626 §4.4, §5.4), and hops that carry dialogs are probed above.
 *
 * @see RFC 3261 §18.3, RFC 5626 §4.4.1
 */
export class Connection implements PipeUser, Reader {
  readonly #pipe: Pipe;
  readonly #clock: Clock;
  readonly #owner: ConnectionOwner;
  readonly #framer = new Framer(frameLimits);
  /** What was sent in this turn. */
  #batch: Uint8Array[] = [];
  #batchSize = 0;
  #overflowed = false;
  #heardAtMs: number;
  /** Octets that it has told of. */
  #told = 0;
  #state: ConnectionState = 'open';
  /** Since when the message that is under way has been coming; undefined when none is. */
  #begunAtMs: number | undefined;
  #cancelWatch: (() => void) | undefined;
  /** Waits for the first message, the owner's answer to a refused one, or the end of closing. */
  #cancelWait: (() => void) | undefined;

  constructor(pipe: Pipe, clock: Clock, owner: ConnectionOwner) {
    this.#pipe = pipe;
    this.#clock = clock;
    this.#owner = owner;
    this.#heardAtMs = clock.nowMs();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Where it leads. */
  get remote(): Address {
    return this.#pipe.remote;
  }

  /** When the peer last sent something, or connected. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Octets that it holds: of a message that has not come as a whole, and what waits to leave. */
  get heldSize(): number {
    return this.#framer.heldSize + this.#pipe.unreadSize + this.queuedSize;
  }

  /** Octets that wait to leave. */
  get queuedSize(): number {
    return this.#batchSize + this.#pipe.queuedSize;
  }

  /** Begins to read. `isStranger`: the peer has connected, and is to send a message soon. */
  start(isStranger: boolean): void {
    if (isStranger) {
      this.#wait(firstMessageWaitMaxMs, () =>
        this.#lose('SIP_FLOW_IDLE', 'its peer has connected and sent no message'),
      );
    }
    this.#pipe.start(this);
  }

  /** Sends a message behind the earlier ones; false when it is dropped, because the connection has ended or is about to. */
  send(bytes: Uint8Array): boolean {
    if (this.#state === 'closing' || this.#state === 'closed' || this.#overflowed) return false;
    this.#batch.push(bytes);
    this.#batchSize += bytes.length;
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
    if (this.queuedSize > writeQueueSizeMax) this.#overflowed = true;
    this.tellHeld();
    return !this.#overflowed;
  }

  /** Closes when all that was sent has left; the owner hears when it is gone. */
  close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#writeBatch();
    this.#state = 'closing';
    this.#stopWatching();
    this.#pipe.end();
    this.#wait(lingerMaxMs, () => this.#leave());
  }

  /** Closes at once, without a word to the owner. What was sent has been given to the pipe. */
  destroy(): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'closing') this.#writeBatch();
    this.#shut();
  }

  received(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#heardAtMs = this.#clock.nowMs();
    this.#framer.push(chunk);
    this.#read();
    this.#watchSender();
    this.tellHeld();
    this.#owner.read(this, chunk.length);
  }

  /** Its peer is not slow while we do not read. */
  pauseReading(): void {
    this.#pipe.pause();
    this.#stopWatching();
  }

  resumeReading(): void {
    this.#pipe.resume();
    this.#watchSender();
  }

  /** Tells the owner what it holds more or less than it said last: what has left meanwhile it does not say of itself. */
  tellHeld(): void {
    const held = this.#state === 'closed' ? 0 : this.heldSize;
    const more = held - this.#told;
    this.#told = held;
    if (more !== 0) this.#owner.heldMore(more);
  }

  ended(): void {
    if (this.#state === 'closing') this.#leave();
    else if (this.#framer.begun) this.#lose('SIP_FLOW_LOST', 'the peer has closed it in the middle of a message');
    else this.#lose('SIP_FLOW_LOST', 'the peer has closed it');
  }

  failed(reason: string): void {
    if (this.#state === 'closing') this.#leave();
    else this.#lose('SIP_FLOW_LOST', reason);
  }

  #read(): void {
    while (this.#state === 'open') {
      const frame = this.#framer.next();
      switch (frame.kind) {
        case 'message':
          this.#endWait();
          this.#begunAtMs = undefined;
          this.#owner.message(this, frame.bytes);
          break;
        case 'ping':
          this.send(pongBytes);
          break;
        case 'pong':
          break;
        case 'incomplete':
          return;
        case 'invalid':
          this.#refuse(frame.reason, frame.head);
          return;
      }
    }
  }

  #refuse(reason: FramingFault, head: Uint8Array | undefined): void {
    const text = faultTexts[reason];
    const isTooLarge = reason === 'head-too-large' || reason === 'body-too-large';
    const code = isTooLarge ? 'SIP_MESSAGE_TOO_LARGE' : 'SIP_FRAMING_LOST';
    if (head === undefined) {
      this.#lose(code, text);
      return;
    }
    this.#state = 'refusing';
    this.#stopWatching();
    this.#wait(refusalWaitMaxMs, () => this.#lose(code, text));
    this.#owner.refused(this, head, isTooLarge ? reason : 'content-length');
  }

  /** Looks after a sender that lets a message trickle in. One timer serves message after message. */
  #watchSender(): void {
    if (this.#state !== 'open' || !this.#framer.begun) {
      this.#begunAtMs = undefined;
      return;
    }
    this.#begunAtMs ??= this.#clock.nowMs();
    this.#cancelWatch ??= this.#clock.wake(this.#begunAtMs + messageWaitMaxMs, () => this.#lookAtSender());
  }

  #lookAtSender(): void {
    this.#cancelWatch = undefined;
    const begunAtMs = this.#begunAtMs;
    if (begunAtMs === undefined) return;
    const untilMs = begunAtMs + messageWaitMaxMs;
    if (this.#clock.nowMs() >= untilMs) this.#lose('SIP_FLOW_SLOW', 'its peer takes too long over a message');
    else this.#cancelWatch = this.#clock.wake(untilMs, () => this.#lookAtSender());
  }

  #flush(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#writeBatch();
    if (!this.#overflowed) return;
    this.#lose('SIP_FLOW_CONGESTED', `its peer has left ${writeQueueSizeMax} octets unread`);
  }

  #writeBatch(): void {
    const batch = this.#batch;
    const [first] = batch;
    if (first === undefined) return;
    this.#pipe.write(batch.length === 1 ? first : joined(batch, this.#batchSize));
    this.#batch = [];
    this.#batchSize = 0;
  }

  #lose(code: TransportFailure, reason: string): void {
    if (this.#state === 'closed') return;
    this.#shut();
    this.#owner.lost(this, code, reason);
  }

  #leave(): void {
    if (this.#state === 'closed') return;
    this.#shut();
    this.#owner.gone(this);
  }

  #shut(): void {
    this.#state = 'closed';
    this.#batch = [];
    this.#batchSize = 0;
    this.#endWait();
    this.#stopWatching();
    this.#pipe.destroy();
    this.tellHeld();
  }

  #wait(ms: number, then: () => void): void {
    this.#endWait();
    this.#cancelWait = this.#clock.wake(this.#clock.nowMs() + ms, then);
  }

  #endWait(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  #stopWatching(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#begunAtMs = undefined;
  }
}

const faultTexts: { readonly [R in FramingFault]: string } = {
  'no-start-line': 'what its peer sends is no SIP',
  'head-too-large': `its peer has sent a head of more than ${headSizeMax} octets`,
  'no-content-length': 'its peer has sent a message without Content-Length',
  'content-length-malformed': 'its peer has sent a malformed Content-Length',
  'content-length-repeated': 'its peer has sent a message with two Content-Lengths',
  'body-too-large': `its peer has sent a body of more than ${bodySizeMax} octets`,
};

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
