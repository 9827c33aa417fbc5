import type { Address, FlowId, Input, Output } from '../../../core/contract.ts';
import type { Command } from '../../../core/engine/command.ts';
import { Engine } from '../../../core/engine/engine.ts';
import type { EngineCounts, EngineEvent } from '../../../core/engine/event.ts';
import { check } from '../target.ts';
import { Ground, type GroundUser } from '../world/ground.ts';
import type { Operation } from '../world/operations.ts';
import { readSent } from '../world/sent-message.ts';
import { Actions } from './actions.ts';
import { Application } from './application.ts';
import type { EngineGround, EngineLike, MakeEngine } from './engine-ground.ts';
import { type Party, parties } from './parties.ts';
import { Peers } from './peers.ts';
import { RouteWatch } from './route-watch.ts';
import { listedOf, optionsOf, t1x64Ms } from './settings.ts';
import { Witness } from './witness.ts';

/** Steps that an input's own operations may take, and those that it may take to come to rest. */
const stepsMax = 600;
const restStepsMax = 3_000;

/** So long everybody behaves before the witness is asked. Where there is little room, until transactions have given theirs back. */
const calmMs = { usual: 1_000, tight: 2 * t1x64Ms } as const;

const tightCapacity = 32;

/** What is left when all dialogs have ended is over by then. */
const restWithinMs = 120_000;

/** One message may cause so many, beside one for each dialog and transaction that there is. */
const sendsMax = 8;

/** An engine with a program that it serves, and all whom it talks with: what one input runs in. */
export class EngineWorld implements GroundUser<Command, EngineEvent> {
  readonly #parties: readonly Party[] = parties();
  readonly #application: Application;
  readonly #peers: Peers;
  readonly #watch: RouteWatch;
  readonly #engine: EngineLike;
  readonly #ground: EngineGround;
  readonly #actions: Actions;
  readonly #witness: Witness;
  readonly #calmMs: number;
  #counts: EngineCounts;

  /** `operations` says what the engine is set up with. */
  constructor(operations: readonly Operation[], make: MakeEngine = (options) => new Engine(options)) {
    const options = optionsOf(operations, this.#parties);
    const isOff = options.trust === 'dialog-tags' || options.recovery.allowDirect === true;
    this.#calmMs = options.transactionCapacity < tightCapacity ? calmMs.tight : calmMs.usual;
    this.#watch = new RouteWatch({ isOff, parties: this.#parties });
    this.#application = new Application((command) => this.#ground.put({ kind: 'command', command }));
    this.#peers = new Peers(this.#parties, (party, text) => this.#actions.send(party, text));
    this.#engine = make(options);
    this.#counts = this.#engine.counts;
    this.#ground = new Ground(this.#engine, this, stepsMax);
    this.#actions = new Actions(this.#ground, this.#peers, this.#application);
    this.#witness = new Witness(this.#ground, this.#peers, this.#application);
  }

  run(operations: readonly Operation[]): void {
    this.#actions.run(operations);
  }

  /** Everybody behaves from now on, and all ends: nothing may be left. */
  rest(): void {
    const ground = this.#ground;
    ground.budget = restStepsMax;
    ground.opening = 'yes';
    this.#peers.calm();
    this.#application.zeal = 'good';
    ground.answerAsked();
    ground.put({ kind: 'command', command: { name: 'hops', hops: listedOf(this.#parties) } });
    ground.pass(this.#calmMs);
    if (!this.#actions.drained) this.#witness.check(!this.#application.healsAll);
    const id = this.#application.newId();
    ground.put({ kind: 'command', command: { name: 'drain', id } });
    const isDrained = ground.passUntil(() => this.#application.outcomes.get(id) !== undefined, restWithinMs);
    check(isDrained, 'an engine that is drained comes to an end', () => this.#left());
    ground.passUntil(() => this.#left() === '', restWithinMs);
    check(this.#left() === '', 'nothing is left at rest', () => this.#left());
    for (const [command, outcome] of this.#application.outcomes) {
      check(outcome !== undefined, 'a command has a result', () => `${command}`);
    }
  }

  arrives(text: string, from: Address): void {
    this.#watch.heard(text, from, this.#peers.proves(text));
  }

  sent(bytes: Uint8Array, flow: FlowId, to: Address): void {
    const message = readSent(bytes, flow);
    this.#watch.sent(message, to);
    this.#witness?.hear(message);
    this.#peers.hear(message, to);
  }

  told(event: EngineEvent): void {
    if (event.kind === 'incoming-call') this.#watch.called(event.callId);
    this.#application.hear(event);
  }

  stepped(
    _inputs: readonly Input<Command>[],
    outputs: readonly Output<EngineEvent>[],
    source: Address | undefined,
  ): void {
    const { counts } = this.#engine;
    if (source !== undefined) checkSends(outputs, this.#counts);
    checkCounts(counts);
    this.#counts = counts;
  }

  /** What the engine still holds. */
  #left(): string {
    const { healedRequests: _grows, ...counts } = this.#engine.counts;
    const left = Object.entries(counts).filter(([, count]) => count !== 0);
    return left.map(([name, count]) => `${count} ${name}`).join(', ');
  }
}

/** `before` is what there was before. */
function checkSends(outputs: readonly Output<EngineEvent>[], before: EngineCounts): void {
  const { dialogs, clientTransactions, serverTransactions } = before;
  const sends = outputs.filter(({ kind }) => kind === 'send').length;
  const isBounded = sends <= sendsMax + dialogs + clientTransactions + serverTransactions;
  check(isBounded, 'one message causes no flood', () => `${sends} messages`);
}

function checkCounts(counts: EngineCounts): void {
  for (const name in counts) {
    const count = counts[name as keyof EngineCounts];
    check(Number.isInteger(count) && count >= 0, 'counts are whole numbers', () => `${name}: ${count}`);
  }
  check(counts.recovering <= counts.dialogs, 'what recovers is a dialog', () => JSON.stringify(counts));
}
