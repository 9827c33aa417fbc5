import type { FlowId } from '../../../core/contract.ts';
import type { Happening, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** Other branches may answer for 64*T1 after the first 2xx; less what clocks and steps take. */
const branchesMs = 31_000;
/** For the time that a connection takes to open. */
const atOnceMs = 4000;
/** A program may think about an offer that a 2xx brings. */
const thoughtMs = 40_000;

/** An INVITE of ours, by the branch that it went by. */
interface Invite {
  readonly flow: FlowId;
  readonly callId: string;
  readonly cseq: number;
  readonly hasOffer: boolean;
  /** Since then each 2xx gets its ACK: a re-INVITE was sent, or the first 2xx of a call was acknowledged. */
  dueSinceMs: number | undefined;
}

/** A 2xx whose ACK is due. */
interface Answer {
  readonly callId: string;
  readonly dueMs: number;
}

/**
 * A 2xx to a re-INVITE gets its ACK; and when a call was answered and its ACK has gone, the 2xx of each further branch as well, unless the
 * dialog ends or the flow that it went by is lost meanwhile. A hop that falls silent excuses nothing: what it was given may arrive yet.
 *
 * @see RFC 3261 §13.2.2.4
 */
export const acknowledged: RuleMaker = {
  name: 'acknowledged',
  make: (_world, violate) => byProcess(violate, (_place, tell) => new End(tell)),
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
      if (output.kind === 'event' && output.event.kind === 'ended') this.#forget(output.event.dialog.callId);
      if (output.kind !== 'event' || output.event.kind !== 'route-status') continue;
      const { status, cause } = output.event.routeStatus;
      if (status === 'recovering' && cause === 'flow-lost') this.#forgetAll();
    }
    for (const [key, { dueMs, callId }] of this.#waiting) {
      if (nowMs <= dueMs) continue;
      this.#waiting.delete(key);
      this.#violate('does not acknowledge a 2xx', callId);
    }
  }

  #forget(callId: string): void {
    for (const [key, answer] of this.#waiting) if (answer.callId === callId) this.#waiting.delete(key);
    for (const [branch, invite] of this.#invites) if (invite.callId === callId) this.#invites.delete(branch);
  }

  #forgetAll(): void {
    this.#invites.clear();
    this.#waiting.clear();
  }

  #sent(message: Message, flow: FlowId, nowMs: number): void {
    const { method, callId, cseq } = message;
    const branch = branchOf(message);
    if (method === 'ACK') {
      const key = keyOf(message);
      this.#waiting.delete(key);
      this.#done.add(key);
      for (const invite of this.#invites.values())
        if (invite.callId === callId && invite.cseq === cseq) invite.dueSinceMs ??= nowMs;
    } else if (method === 'INVITE' && !this.#invites.has(branch) && !message.has('replaces')) {
      const dueSinceMs = message.toTag === '' ? undefined : nowMs;
      // A call goes by another hop once the transaction of the one before has failed, which ends that (RFC 3261 §17.1.4).
      for (const [other, invite] of this.#invites)
        if (invite.callId === callId && invite.cseq === cseq) this.#invites.delete(other);
      this.#invites.set(branch, { flow, callId, cseq, hasOffer: message.body !== '', dueSinceMs });
    }
  }

  #answered(message: Message, flow: FlowId, nowMs: number): void {
    const { status, toTag, callId } = message;
    const invite = this.#invites.get(branchOf(message));
    if (status < 200 || invite?.flow !== flow) return;
    if (status >= 300) {
      // Its ACK is no 2xx's, and the same call may have gone by other hops.
      for (const [branch, other] of this.#invites) if (other.callId === callId) this.#invites.delete(branch);
      return;
    }
    const { dueSinceMs, hasOffer } = invite;
    const key = keyOf(message);
    if (dueSinceMs === undefined || nowMs > dueSinceMs + branchesMs || toTag === '') return;
    if (!this.#done.has(key) && !this.#waiting.has(key))
      this.#waiting.set(key, { callId, dueMs: nowMs + (hasOffer ? atOnceMs : thoughtMs) });
  }
}

function keyOf({ callId, toTag, cseq }: Message): string {
  return `${callId} ${toTag} ${cseq}`;
}
