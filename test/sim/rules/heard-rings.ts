import type { Happening, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** A flow that is open takes it at once. */
const againWithinMs = 1000;
/** Who is overtaken more often than that may give up. */
const triesMax = 3;

/** A PRACK under way. */
interface Prack {
  readonly dialog: string;
  readonly rack: string;
  readonly cseq: number;
}

/**
 * A PRACK that a younger request of its own end overtook (500, RFC 3261 §12.2.2) goes again, unless its call is over: else the far end, which
 * waits for it, ends the call.
 *
 * @see RFC 3262 §4
 */
export const heardRings: RuleMaker = {
  name: 'heard-rings',
  make: (_world, violate) => byProcess(violate, (_place, tell) => new End(tell)),
};

/** The calls that one process at a place makes. */
class End {
  readonly #violate: (what: string, callId: string) => void;
  /** Branches of all that were sent: one may be repeated after its call is over. */
  readonly #branches = new Set<string>();
  /** By branch. */
  readonly #pracks = new Map<string, Prack>();
  /** How often each was sent, by dialog and RAck. */
  readonly #tries = new Map<string, number>();
  /** The highest number sent in each dialog. */
  readonly #numbers = new Map<string, number>();
  /** Until when each that was overtaken is to go again. */
  readonly #due = new Map<string, { readonly dialog: string; readonly untilMs: number }>();

  constructor(violate: (what: string, callId: string) => void) {
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    for (const input of inputs) {
      // What is under way by it has failed, the call as well.
      if (input.kind === 'flow-lost' || input.kind === 'open-failed') this.#due.clear();
      const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
      if (message !== undefined) this.#heard(message, nowMs);
    }
    for (const output of outputs) {
      const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
      if (message?.isRequest) this.#sent(message);
      if (output.kind === 'event' && output.event.kind === 'ended') this.#over(output.event.dialog.callId);
    }
    for (const [key, { dialog, untilMs }] of this.#due) {
      if (nowMs <= untilMs) continue;
      this.#due.delete(key);
      this.#violate('leaves a PRACK that was overtaken', dialog.split(' ')[0] ?? '');
    }
  }

  #heard(message: Message, nowMs: number): void {
    const { method, status, callId, isRequest } = message;
    const isEnd = isRequest ? method === 'BYE' : method === 'INVITE' && status >= 200;
    if (isEnd) this.#over(callId);
    if (isRequest || method !== 'PRACK' || status < 200) return;
    const branch = branchOf(message);
    const prack = this.#pracks.get(branch);
    if (prack === undefined) return;
    this.#pracks.delete(branch);
    const { dialog, rack, cseq } = prack;
    const key = `${dialog} ${rack}`;
    const isOvertaken = status === 500 && cseq < (this.#numbers.get(dialog) ?? 0);
    if (isOvertaken && (this.#tries.get(key) ?? 0) <= triesMax)
      this.#due.set(key, { dialog, untilMs: nowMs + againWithinMs });
  }

  #sent(message: Message): void {
    const { method, callId, fromTag, toTag, cseq } = message;
    if (method === 'CANCEL' || method === 'BYE') this.#over(callId);
    if (toTag === '' || method === 'ACK' || method === 'CANCEL') return;
    const dialog = `${callId} ${fromTag} ${toTag}`;
    this.#numbers.set(dialog, Math.max(cseq, this.#numbers.get(dialog) ?? 0));
    const branch = branchOf(message);
    if (method !== 'PRACK' || this.#branches.has(branch)) return;
    this.#branches.add(branch);
    const rack = message.header('rack');
    const key = `${dialog} ${rack}`;
    this.#due.delete(key);
    this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
    this.#pracks.set(branch, { dialog, rack, cseq });
  }

  /** The call is answered, refused or ended, or one of its branches is. */
  #over(callId: string): void {
    const isIts = (dialog: string): boolean => dialog.startsWith(`${callId} `);
    for (const [key, { dialog }] of this.#due) if (isIts(dialog)) this.#due.delete(key);
    for (const [branch, { dialog }] of this.#pracks) if (isIts(dialog)) this.#pracks.delete(branch);
  }
}
