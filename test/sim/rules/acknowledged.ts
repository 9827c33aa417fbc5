import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** Other branches may answer for 64*T1 after the first 2xx; less what clocks and steps take. */
const branchesMs = 31_000;
/** A program may think about an offer. */
const withinMs = 40_000;

/** An INVITE of ours that begins a call, by the branch that it went by. */
interface Invite {
  readonly flow: FlowId;
  readonly callId: string;
  readonly cseq: number;
  acknowledgedAtMs: number | undefined;
}

interface Answer {
  readonly callId: string;
  readonly atMs: number;
}

/**
 * When a call was answered and its ACK has gone, the 2xx of each further branch gets its ACK as well, unless the hop that it went by is
 * lost meanwhile.
 *
 * @see RFC 3261 §13.2.2.4
 */
export const acknowledged: RuleMaker = {
  name: 'acknowledged',
  make(_world, violate): Rule {
    const ends = new Map<string, End>();
    return {
      see(happening): void {
        if (happening.kind !== 'step') return;
        const { place, life } = happening;
        const key = `${place} ${life}`;
        const end = ends.get(key) ?? new End((what, callId) => violate(`${place} ${what}`, callId));
        ends.set(key, end);
        end.see(happening);
      },
    };
  },
};

/** The calls of one process at a place. */
class End {
  readonly #violate: (what: string, callId: string) => void;
  readonly #invites = new Map<string, Invite>();
  readonly #waiting = new Map<string, Answer>();
  readonly #done = new Set<string>();

  constructor(violate: (what: string, callId: string) => void) {
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-lost' || input.kind === 'open-failed') this.#forgetAll();
      const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
      if (input.kind === 'message' && message?.method === 'INVITE' && !message.isRequest)
        this.#answered(message, input.flow, nowMs);
    }
    for (const output of outputs) {
      const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
      if (output.kind === 'send' && message?.isRequest) this.#sent(message, output.flow, nowMs);
      if (output.kind !== 'event' || output.event.kind !== 'route-status') continue;
      // With a hop all that is under way by it has failed.
      const { cause } = output.event.routeStatus;
      if (cause === 'hop-silent' || cause === 'flow-lost') this.#forgetAll();
    }
    for (const [key, { atMs, callId }] of this.#waiting) {
      if (nowMs <= atMs + withinMs) continue;
      this.#waiting.delete(key);
      this.#violate('does not acknowledge the 2xx of a further branch', callId);
    }
  }

  #forgetAll(): void {
    this.#invites.clear();
    this.#waiting.clear();
  }

  #sent(message: Message, flow: FlowId, nowMs: number): void {
    const { method, topVia, callId, cseq } = message;
    if (method === 'ACK') {
      const key = keyOf(message);
      this.#waiting.delete(key);
      this.#done.add(key);
      for (const invite of this.#invites.values())
        if (invite.callId === callId && invite.cseq === cseq) invite.acknowledgedAtMs ??= nowMs;
    } else if (method === 'INVITE' && message.toTag === '' && !this.#invites.has(topVia) && !message.has('replaces')) {
      this.#invites.set(topVia, { flow, callId, cseq, acknowledgedAtMs: undefined });
    }
  }

  #answered(message: Message, flow: FlowId, nowMs: number): void {
    const { status, topVia, toTag, callId } = message;
    const invite = this.#invites.get(topVia);
    if (status < 200 || invite?.flow !== flow) return;
    if (status >= 300) {
      // Its ACK is no 2xx's, and the same call may have gone by other hops.
      for (const [branch, other] of this.#invites) if (other.callId === callId) this.#invites.delete(branch);
      return;
    }
    const { acknowledgedAtMs } = invite;
    const key = keyOf(message);
    if (acknowledgedAtMs === undefined || nowMs > acknowledgedAtMs + branchesMs || toTag === '') return;
    if (!this.#done.has(key) && !this.#waiting.has(key)) this.#waiting.set(key, { callId, atMs: nowMs });
  }
}

function keyOf({ callId, toTag, cseq }: Message): string {
  return `${callId} ${toTag} ${cseq}`;
}
