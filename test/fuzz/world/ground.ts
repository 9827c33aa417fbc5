import type { Address, FlowId, Input, MessageFault, Output, Steppable } from '../../../core/contract.ts';
import type { SipErrorCode } from '../../../core/errors.ts';
import { textOctets } from '../octets-text.ts';
import { check } from '../target.ts';
import { FlowBook } from './flow-book.ts';

/** What hears of all that is driven does. */
export interface GroundUser<C, E> {
  sent(bytes: Uint8Array, flow: FlowId, to: Address): void;
  told(event: E): void;
  /** A message goes in. */
  arrives(text: string, from: Address): void;
  /** A step is over; `source` is whose message it took, if that was all that it took. */
  stepped(inputs: readonly Input<C>[], outputs: readonly Output<E>[], source: Address | undefined): void;
}

/** How flows that are asked for come about: at once, not at all, or when the input says so. */
export type Opening = 'yes' | 'no' | 'wait';

/** An open that waits. */
interface Asked {
  readonly openId: number;
  readonly remote: Address;
}

/** The instant at which worlds begin. */
export const startMs = 1_000;

/**
 * An engine or an edge with flows and time, and nothing of its own: it checks what must hold for each step, and hands on what comes out of
 * it. What its user puts in meanwhile goes in a millisecond later, together.
 */
export class Ground<C, E> {
  readonly flows: FlowBook = new FlowBook();
  nowMs: number = startMs;
  opening: Opening = 'yes';
  /** What is put in waits, to go in together. */
  holds: boolean = false;
  /** Steps that may still be made; without any, nothing happens any more. */
  budget: number;
  readonly #driven: Steppable<C, E>;
  readonly #user: GroundUser<C, E>;
  readonly #asked: Asked[] = [];
  #inputs: Input<C>[] = [];
  #wakeAtMs: number | undefined;

  constructor(driven: Steppable<C, E>, user: GroundUser<C, E>, budget: number) {
    this.#driven = driven;
    this.#user = user;
    this.budget = budget;
  }

  /** Whether nothing is to come but what somebody does. */
  get isIdle(): boolean {
    return this.#wakeAtMs === undefined && this.#inputs.length === 0 && this.#asked.length === 0;
  }

  /** To be put in with whatever else there is. */
  put(input: Input<C>): void {
    this.#inputs.push(input);
  }

  /** The flow to who is at that address: opened by it where there is none. */
  flowOf(remote: Address): FlowId {
    const known = this.flows.toward(remote);
    if (known !== undefined) return known;
    const flow = this.flows.open(remote);
    this.put({ kind: 'flow-open', flow, remote, openId: undefined });
    return flow;
  }

  /** Puts in a message from there. */
  putMessage(from: Address, text: string): void {
    const flow = this.flowOf(from);
    this.#user.arrives(text, from);
    this.put({ kind: 'message', flow, bytes: textOctets(text) });
  }

  /** The same in a step of its own, unless what is put in waits, and all that comes of it. */
  receive(from: Address, text: string): void {
    this.flowOf(from);
    if (this.holds) {
      this.putMessage(from, text);
      return;
    }
    this.settle();
    this.putMessage(from, text);
    this.#turn(from);
    this.settle();
  }

  /** Puts in what there is of a message that a stream's transport does not take. */
  putHead(from: Address, text: string, fault: MessageFault): void {
    const flow = this.flowOf(from);
    this.#user.arrives(text, from);
    this.put({ kind: 'message-refused', flow, head: textOctets(text), fault });
  }

  /** A flow is lost, if there is one. */
  lose(flow: FlowId | undefined, code: SipErrorCode): void {
    if (flow === undefined || !this.flows.isOpen(flow)) return;
    this.flows.abandon(flow);
    this.put({ kind: 'flow-lost', flow, failure: { code, message: 'an input says so' } });
  }

  /** Answers the opens that wait. */
  answerAsked(): void {
    for (const { openId, remote } of this.#asked.splice(0)) this.#answer(openId, remote);
  }

  /** Lets come what comes without waiting. */
  settle(): void {
    while (this.#inputs.length > 0 && this.budget > 0 && !this.holds) this.#turn();
  }

  /** Lets so much time pass. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.passUntil(() => false, ms);
    if (this.budget > 0) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Lets time pass until `isOver`, and no longer than so. Gives whether it is. */
  passUntil(isOver: () => boolean, ms: number): boolean {
    const untilMs = this.nowMs + ms;
    this.holds = false;
    this.settle();
    while (!isOver() && this.#wakeAtMs !== undefined && this.#wakeAtMs <= untilMs && this.budget > 0) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.#turn();
      this.settle();
    }
    return isOver();
  }

  #turn(source?: Address): void {
    const inputs = this.#inputs;
    this.#inputs = [];
    if (inputs.length > 0) this.nowMs += 1;
    this.budget--;
    const lost = inputs.flatMap((input) => (input.kind === 'flow-lost' ? [input.flow] : []));
    // What comes before a loss, or falls due by then, may still go out by its flow.
    const isDue = this.#wakeAtMs !== undefined && this.#wakeAtMs <= this.nowMs;
    const isAlone = lost.length === inputs.length && !isDue;
    if (isAlone) for (const flow of lost) this.flows.close(flow);
    const { outputs, wakeAtMs } = this.#driven.step(this.nowMs, inputs);
    this.#wakeAtMs = wakeAtMs;
    check(
      wakeAtMs === undefined || wakeAtMs >= this.nowMs,
      'a step says when the next one is due',
      () => `${wakeAtMs}`,
    );
    this.#user.stepped(inputs, outputs, source);
    for (const output of outputs) this.#take(output);
    if (!isAlone) for (const flow of lost) this.flows.close(flow);
    if (this.opening !== 'wait') this.answerAsked(); // a transport opens in a later turn
  }

  #take(output: Output<E>): void {
    switch (output.kind) {
      case 'send': {
        const remote = this.flows.remote(output.flow);
        check(remote !== undefined, 'messages are sent by flows that are open');
        this.#user.sent(output.bytes, output.flow, remote);
        break;
      }
      case 'open':
        this.#asked.push(output);
        break;
      case 'close':
        this.flows.close(output.flow);
        break;
      case 'event':
        this.#user.told(output.event);
        break;
    }
  }

  #answer(openId: number, remote: Address): void {
    if (this.opening === 'no' || !this.flows.canReach(remote)) {
      this.put({ kind: 'open-failed', openId, failure: { code: 'SIP_OPEN_FAILED', message: 'an input says so' } });
    } else {
      const flow = this.flows.open(remote);
      this.put({ kind: 'flow-open', flow, remote: this.flows.remote(flow) ?? remote, openId });
    }
  }
}
