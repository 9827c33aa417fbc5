import type { Happening, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** What has not been answered for so long is given up: after 64*T1, a re-INVITE after three minutes; less what clocks and steps take. */
const givenUpAfterMs = { INVITE: 179_000, UPDATE: 31_000 } as const;

/** An offer of the peer's that the program has been asked about. */
interface Debt {
  readonly callId: string;
  /** Call-ID and tags, our own first: the branches of a call share the first. */
  readonly dialog: string;
  readonly transaction: string;
  readonly untilMs: number;
}

/**
 * While a program has not answered an offer of the peer's, none goes the other way in the same dialog: what it asks for is refused before it
 * is sent, and refreshes and heals wait, or go without one.
 *
 * @see RFC 3264 §4, RFC 3311 §5.2
 */
export const owedAnswers: RuleMaker = {
  name: 'owed-answers',
  make: (_world, violate) => byProcess(violate, (_place, tell) => new End(tell)),
};

/** The offers that one process at a place has to answer. */
class End {
  readonly #violate: (what: string, callId: string) => void;
  /** By the number under which the program answers. */
  readonly #debts = new Map<number, Debt>();
  /** Offers that were sent: copies may come later. */
  readonly #asked = new Set<string>();

  constructor(violate: (what: string, callId: string) => void) {
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    let heard: Message | undefined;
    for (const input of inputs) {
      if (input.kind === 'message' && !isProbe(input.bytes)) heard = read(input.bytes);
      // Whatever becomes of it: it may come too late to be sent.
      else if (input.kind === 'command' && input.command.name === 'respond') this.#debts.delete(input.command.request);
    }
    for (const output of outputs) {
      if (output.kind === 'send' && !isProbe(output.bytes)) this.#sent(read(output.bytes), nowMs);
      if (output.kind !== 'event') continue;
      if (output.event.kind === 'ended') this.#forget(output.event.dialog.callId);
      else if (output.event.kind === 'request' && heard !== undefined && isOffer(heard))
        this.#debts.set(output.event.request, {
          callId: heard.callId,
          dialog: `${heard.callId} ${heard.toTag} ${heard.fromTag}`,
          transaction: transactionOf(heard),
          untilMs: nowMs + givenUpAfterMs[heard.method === 'INVITE' ? 'INVITE' : 'UPDATE'],
        });
    }
  }

  #sent(message: Message | undefined, nowMs: number): void {
    if (message === undefined) return;
    const { isRequest, status, callId } = message;
    if (isRequest && isOffer(message) && !this.#asked.has(transactionOf(message))) {
      this.#asked.add(transactionOf(message));
      const dialog = `${callId} ${message.fromTag} ${message.toTag}`;
      for (const debt of this.#debts.values())
        if (debt.dialog === dialog && nowMs < debt.untilMs)
          this.#violate('sends an offer before it has answered that of its peer', callId);
    } else if (!isRequest && status >= 200) {
      const transaction = transactionOf(message);
      for (const [number, debt] of this.#debts) if (debt.transaction === transaction) this.#debts.delete(number);
    }
  }

  #forget(callId: string): void {
    for (const [number, debt] of this.#debts) if (debt.callId === callId) this.#debts.delete(number);
  }
}

function isOffer({ method, toTag, body }: Message): boolean {
  return (method === 'INVITE' || method === 'UPDATE') && toTag !== '' && body !== '';
}

function transactionOf(message: Message): string {
  return `${message.method} ${message.cseq} ${branchOf(message)}`;
}
