import type { Input, Output } from '../../../core/contract.ts';
import type { Command } from '../../../core/engine/command.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import { isProbe, read } from '../reading.ts';
import { takeCommand } from './commands.ts';
import { takeEvent } from './events.ts';
import { flowLost, hopDied, hopIsBack, hopIsHeard } from './hop-troubles.ts';
import { hopAt } from './hops.ts';
import { type EndWorld, keyOf, Ledger } from './ledger.ts';
import { takeRequestOfOurs } from './requests-of-ours.ts';
import { takeRequest, takeResponseOfOurs } from './requests-of-theirs.ts';
import { takeAnswer } from './responses.ts';
import { restWalk } from './routes.ts';
import { checkSessions } from './sessions.ts';

/** One step of an engine: what goes in, and what comes out. */
export interface Step {
  readonly inputs: readonly Input<Command>[];
  readonly outputs: readonly Output<EngineEvent>[];
  readonly nowMs: number;
}

/** The recovery state of every dialog of one process of ours, by the tables alone; it sees what goes in and what comes out. */
export class EndModel {
  readonly #ledger: Ledger;

  constructor(world: EndWorld) {
    this.#ledger = new Ledger(world);
  }

  see({ inputs, outputs, nowMs }: Step): void {
    const ledger = this.#ledger;
    ledger.beginStep(nowMs);
    if (inputs.length === 0) checkSessions(ledger);
    for (const input of inputs) this.#takeInput(input);
    for (const output of outputs) this.#takeOutput(output);
    for (const dialog of ledger.walking) restWalk(ledger, dialog);
    ledger.walking.clear();
    for (const { kind, dialog, wish, routeStatus, orSent } of ledger.due.splice(0)) {
      if (orSent && wish?.state === 'sent') continue;
      ledger.violate(`stays silent: ${kind} ${wish?.method ?? ''}${routeStatus ?? ''} is due`, dialog);
    }
  }

  #takeInput(input: Input<Command>): void {
    switch (input.kind) {
      case 'flow-open': {
        const remote = keyOf(input.remote);
        const isOurs = input.openId !== undefined;
        // A connection that somebody has opened comes from any port: a Via will tell who it is.
        const hop = isOurs || this.#ledger.end.protocol === 'udp' ? hopAt(this.#ledger, remote) : undefined;
        this.#ledger.flows.set(input.flow, { remote, hop, isOurs });
        if (isOurs) hopIsBack(this.#ledger);
        break;
      }
      case 'open-failed': {
        const hop = hopAt(this.#ledger, this.#ledger.opens.get(input.openId) ?? '');
        if (hop !== undefined) hopDied(this.#ledger, hop);
        break;
      }
      case 'flow-lost':
        flowLost(this.#ledger, input.flow);
        break;
      case 'message': {
        hopIsHeard(this.#ledger, input.flow);
        if (isProbe(input.bytes)) break;
        const message = read(input.bytes);
        if (message === undefined || !message.isWhole) break;
        if (message.isRequest) takeRequest(this.#ledger, message, input.flow);
        else takeAnswer(this.#ledger, message, input.flow);
        break;
      }
      case 'command':
        takeCommand(this.#ledger, input.command);
        break;
    }
  }

  #takeOutput(output: Output<EngineEvent>): void {
    switch (output.kind) {
      case 'open':
        this.#ledger.opens.set(output.openId, keyOf(output.remote));
        break;
      case 'close':
        this.#ledger.flows.delete(output.flow);
        break;
      case 'send': {
        const name = this.#ledger.flows.get(output.flow)?.hop;
        const hop = name === undefined ? undefined : this.#ledger.hops.get(name);
        if (hop !== undefined && wantsAnswer(output.bytes)) hop.askedMs ??= this.#ledger.nowMs;
        if (isProbe(output.bytes)) break;
        const message = read(output.bytes);
        if (message?.isRequest === true) takeRequestOfOurs(this.#ledger, message, output.flow);
        else if (message !== undefined) takeResponseOfOurs(this.#ledger, message);
        break;
      }
      case 'event':
        takeEvent(this.#ledger, output.event);
        break;
    }
  }
}

/** Neither a response nor an ACK. */
function wantsAnswer(bytes: Uint8Array): boolean {
  return !(bytes[0] === 0x53 && bytes[1] === 0x49) && !(bytes[0] === 0x41 && bytes[1] === 0x43);
}
