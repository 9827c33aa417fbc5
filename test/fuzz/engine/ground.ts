import type { Address, FlowId, Input, Output } from '../../../core/contract.ts';
import type { Command } from '../../../core/engine/command.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { EngineCounts, EngineEvent } from '../../../core/engine/event.ts';
import type { EngineOptions } from '../../../core/engine/options.ts';
import { FlowBook } from '../flow-book.ts';
import { octetsText, textOctets } from '../octets-text.ts';
import { check } from '../target.ts';
import type { Party } from './parties.ts';
import { readSent, type SentMessage } from './sent-message.ts';
import { startMs } from './settings.ts';

type EngineInput = Input<Command>;

/** What hears of all that an engine does. */
export interface GroundUser {
  sent(message: SentMessage, to: Address): void;
  told(event: EngineEvent): void;
  /** A message goes in. */
  arrives(text: string, from: Address): void;
}

/** What of an engine there must be to be driven. */
export type EngineLike = Pick<Engine, 'step' | 'counts'>;
export type MakeEngine = (options: EngineOptions) => EngineLike;

/** How flows that the engine asks for come about: at once, not at all, or when the input says so. */
export type Opening = 'yes' | 'no' | 'wait';

/** An open that waits. */
interface Asked {
  readonly openId: number;
  readonly remote: Address;
}

/** One message may cause so many, beside one for each dialog and transaction that there is. */
const sendsMax = 8;

/**
 * An engine with flows and time, and nothing of its own: it checks what must hold for each step, and hands on what comes out of it. What
 * its user puts in meanwhile goes in a millisecond later, together.
 */
export class Ground {
  readonly engine: EngineLike;
  readonly flows: FlowBook = new FlowBook();
  nowMs: number = startMs;
  opening: Opening = 'yes';
  /** Steps that may still be made; without any, nothing happens any more. */
  budget: number;
  /** Whose message the step at hand is about, when it is about one alone. */
  source: Address | undefined;
  readonly #user: GroundUser;
  readonly #asked: Asked[] = [];
  #inputs: EngineInput[] = [];
  #wakeAtMs: number | undefined;
  #counts: EngineCounts;

  constructor(make: MakeEngine, options: EngineOptions, user: GroundUser, budget: number) {
    this.engine = make(options);
    this.#counts = this.engine.counts;
    this.#user = user;
    this.budget = budget;
    this.#step([]);
  }

  /** To be put in with whatever else there is. */
  put(input: EngineInput): void {
    this.#inputs.push(input);
  }

  /** The flow of a party: opened by it where there is none, if it can. */
  flowOf({ address }: Party): FlowId {
    const known = this.flows.toward(address);
    if (known !== undefined) return known;
    const flow = this.flows.open(address);
    this.put({ kind: 'flow-open', flow, remote: address, openId: undefined });
    return flow;
  }

  /** Puts in a message from a party. */
  putMessage(party: Party, text: string): void {
    const flow = this.flowOf(party);
    this.#user.arrives(text, party.address);
    this.put({ kind: 'message', flow, bytes: textOctets(text) });
  }

  /** The same in a step of its own, and all that comes of it. */
  receive(party: Party, text: string): void {
    this.flowOf(party);
    this.settle();
    this.source = party.address;
    this.putMessage(party, text);
    this.#turn();
    this.source = undefined;
    this.settle();
  }

  /** A flow is lost, if there is one. */
  lose(flow: FlowId | undefined): void {
    if (flow === undefined || !this.flows.isOpen(flow)) return;
    this.flows.close(flow);
    this.put({ kind: 'flow-lost', flow, failure: { code: 'SIP_FLOW_LOST', message: 'an input says so' } });
  }

  /** Answers the opens that wait. */
  answerAsked(): void {
    for (const { openId, remote } of this.#asked.splice(0)) this.#answer(openId, remote);
  }

  /** Lets come what comes without waiting. */
  settle(): void {
    while (this.#inputs.length > 0 && this.budget > 0) this.#turn();
  }

  /** Lets so much time pass. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.settle();
    while (this.#wakeAtMs !== undefined && this.#wakeAtMs <= untilMs && this.budget > 0) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.#turn();
      this.settle();
    }
    if (this.budget > 0) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Lets time pass until `isOver`, and no longer than so. Gives whether it is. */
  passUntil(isOver: () => boolean, ms: number): boolean {
    const untilMs = this.nowMs + ms;
    this.settle();
    while (!isOver() && this.#wakeAtMs !== undefined && this.#wakeAtMs <= untilMs && this.budget > 0) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.#turn();
      this.settle();
    }
    return isOver();
  }

  #turn(): void {
    const inputs = this.#inputs;
    this.#inputs = [];
    if (inputs.length > 0) this.nowMs += 1;
    this.#step(inputs);
  }

  #step(inputs: readonly EngineInput[]): void {
    this.budget--;
    const before = this.#counts;
    const { outputs, wakeAtMs } = this.engine.step(this.nowMs, inputs);
    this.#wakeAtMs = wakeAtMs;
    check(wakeAtMs === undefined || wakeAtMs >= this.nowMs, 'an engine wakes up later', () => `${wakeAtMs}`);
    if (this.source !== undefined) checkSends(outputs, before, inputs);
    for (const output of outputs) this.#take(output);
    if (this.opening !== 'wait') this.answerAsked(); // a transport opens in a later turn
    this.#counts = this.engine.counts;
    checkCounts(this.#counts);
  }

  #take(output: Output<EngineEvent>): void {
    switch (output.kind) {
      case 'send': {
        const remote = this.flows.remote(output.flow);
        const sent = readSent(output.bytes, output.flow);
        check(remote !== undefined, 'messages are sent by flows that are open', () => sent.text);
        this.#user.sent(sent, remote);
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
      this.put({ kind: 'flow-open', flow: this.flows.open(remote), remote, openId });
    }
  }
}

function checkSends(
  outputs: readonly Output<EngineEvent>[],
  counts: EngineCounts,
  inputs: readonly EngineInput[],
): void {
  const { dialogs, clientTransactions, serverTransactions } = counts;
  const sends = outputs.filter(({ kind }) => kind === 'send').length;
  check(
    sends <= sendsMax + dialogs + clientTransactions + serverTransactions,
    'one message causes no flood',
    () => `${sends} for ${inputs.map((input) => (input.kind === 'message' ? octetsText(input.bytes) : input.kind))}`,
  );
}

function checkCounts(counts: EngineCounts): void {
  for (const name in counts) {
    const count = counts[name as keyof EngineCounts];
    check(Number.isInteger(count) && count >= 0, 'counts are whole numbers', () => `${name}: ${count}`);
  }
  check(counts.recovering <= counts.dialogs, 'what recovers is a dialog', () => JSON.stringify(counts));
}
