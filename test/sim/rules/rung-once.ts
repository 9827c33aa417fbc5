import type { Happening, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/**
 * A call that rings is not sent once more by another hop, unless the first one has refused it: it would ring twice, or be refused as merged.
 *
 * @see RFC 3261 §8.2.2.2
 */
export const rungOnce: RuleMaker = {
  name: 'rung-once',
  make: (_world, violate) => byProcess(violate, (_place, tell) => new End(tell)),
};

/** The calls that one process at a place makes. */
class End {
  readonly #violate: (what: string, callId: string) => void;
  /** INVITEs outside dialogs, by branch: Call-ID and number. */
  readonly #calls = new Map<string, string>();
  /** Branches that have a final response. */
  readonly #refused = new Set<string>();
  /** The branch by which each has rung. */
  readonly #rung = new Map<string, string>();

  constructor(violate: (what: string, callId: string) => void) {
    this.#violate = violate;
  }

  see({ inputs, outputs }: Step): void {
    for (const input of inputs) {
      const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
      if (message?.isRequest === false && message.method === 'INVITE') this.#heard(message);
    }
    for (const output of outputs) {
      const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
      if (message?.isRequest && message.method === 'INVITE' && message.toTag === '') this.#sent(message);
    }
  }

  #heard(message: Message): void {
    const branch = branchOf(message);
    const call = this.#calls.get(branch);
    if (call === undefined || message.status <= 100 || this.#refused.has(branch)) return;
    if (message.status < 200) this.#rung.set(call, branch);
    else {
      this.#refused.add(branch);
      if (this.#rung.get(call) === branch) this.#rung.delete(call);
    }
  }

  #sent(message: Message): void {
    const branch = branchOf(message);
    if (this.#calls.has(branch)) return;
    const call = `${message.callId} ${message.cseq}`;
    this.#calls.set(branch, call);
    if (this.#rung.has(call)) this.#violate('sends a call again that has rung', message.callId);
  }
}
