import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker, Violate } from '../happening.ts';
import type { Message } from '../models/message.ts';
import type { Place } from '../plan.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** Timer J, and no more of it than clocks that jump and drift leave. */
const rememberedMs = 30_000;

/** Answers without a transaction. */
const stateless: ReadonlySet<number> = new Set([400, 481]);

/** A request that was answered. */
interface Answered {
  readonly flow: FlowId;
  readonly nowMs: number;
}

/** Who repeats a request has not had its answer, and gets it again. INVITE has rules of its own. @see RFC 3261 §17.2.2 */
export const answeredAgain: RuleMaker = {
  name: 'answered-again',
  make({ plan }, violate): Rule {
    // A stream brings nothing twice.
    const watch = (place: Place, tell: Violate): End | undefined =>
      plan.cast[place].protocol === 'udp' ? new End(tell) : undefined;
    return byProcess(violate, watch, 'at-rest');
  },
};

/** What one process at a place has answered. */
class End {
  readonly #violate: Violate;
  readonly #flows = new Map<string, FlowId>();
  readonly #answered = new Map<string, Answered>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    const repeated = new Map<string, Message>();
    for (const input of inputs) {
      const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
      if (input.kind !== 'message' || message?.isRequest !== true || !message.isWhole) continue;
      if (message.method === 'INVITE' || message.method === 'ACK') continue;
      const key = keyOf(message);
      const answered = this.#answered.get(key);
      this.#flows.set(key, input.flow);
      // By another flow it may be a stranger's.
      if (answered?.flow === input.flow && nowMs - answered.nowMs < rememberedMs) repeated.set(key, message);
    }
    for (const output of outputs) {
      const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
      if (message === undefined || message.isRequest || message.status < 200) continue;
      const key = keyOf(message);
      repeated.delete(key);
      // A copy that was cut short, or came before its dialog, has an answer that nobody remembers.
      if (stateless.has(message.status)) continue;
      const flow = this.#flows.get(key);
      if (flow !== undefined && !this.#answered.has(key)) this.#answered.set(key, { flow, nowMs });
    }
    for (const { method, cseq, callId } of repeated.values())
      this.#violate(`does not answer ${method} ${cseq} again`, callId);
  }
}

function keyOf(message: Message): string {
  return `${message.method} ${branchOf(message)}`;
}
