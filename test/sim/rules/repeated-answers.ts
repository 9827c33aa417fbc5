import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker, Violate } from '../happening.ts';
import type { Message } from '../models/message.ts';
import type { OurEnd, Place } from '../plan.ts';
import { byProcess } from '../processes.ts';
import { isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** 64*T1, but for what clocks and steps take. */
const repeatedMs = 31_000;
const slackMs = 500;

/** A 2xx to an INVITE that has no ACK yet. */
interface Waiting {
  readonly callId: string;
  readonly tag: string;
  readonly flow: FlowId;
  readonly firstMs: number;
  /** The same by the end's own clock. */
  readonly firstOwnMs: number;
  lastMs: number;
}

/** A 2xx to INVITE is repeated, at intervals of T2 at most, until its ACK comes. @see RFC 3261 §13.3.1.4 */
export const repeatedAnswers: RuleMaker = {
  name: 'repeated-answers',
  make({ plan }, violate): Rule {
    const watch = (place: Place, tell: Violate): End | undefined => {
      const cast = plan.cast[place];
      return cast.kind === 'model' ? undefined : new End(cast, tell);
    };
    return byProcess(violate, watch, 'at-rest');
  },
};

/** What one process at a place has answered. */
class End {
  readonly #t2Ms: number;
  readonly #violate: Violate;
  /** By Call-ID, number and tag. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #settled = new Set<string>();

  constructor({ t2Ms = 4000 }: OurEnd, violate: Violate) {
    this.#t2Ms = t2Ms;
    this.#violate = violate;
  }

  /** By the world's clock, since one's own may jump: whoever's does gives up at once. */
  see({ inputs, outputs, atMs, nowMs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-lost') this.#leave(({ flow }) => flow === input.flow);
      const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
      if (message?.isRequest) this.#heard(message);
    }
    for (const output of outputs) {
      if (output.kind === 'event' && output.event.kind === 'ended') this.#over(output.event.dialog.callId);
      const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
      if (output.kind === 'send' && message !== undefined) this.#sent(message, output.flow, atMs, nowMs);
    }
    for (const [key, { callId, firstMs, firstOwnMs, lastMs }] of this.#waiting) {
      if (atMs - firstMs >= repeatedMs || nowMs - firstOwnMs >= repeatedMs) this.#settle(key);
      else if (atMs - lastMs > this.#t2Ms + slackMs) {
        this.#settle(key);
        this.#violate(`does not repeat a 2xx for ${((atMs - lastMs) / 1000).toFixed(1)} s`, callId);
      }
    }
  }

  /** Whoever sends another INVITE has had it (RFC 5407 §3.1.4). */
  #heard({ method, callId, toTag }: Message): void {
    if (method === 'ACK') this.#leave((waiting) => waiting.callId === callId && waiting.tag === toTag);
    else if (method === 'BYE' || method === 'INVITE') this.#over(callId);
  }

  #sent({ isRequest, method, status, callId, cseq, toTag }: Message, flow: FlowId, atMs: number, nowMs: number): void {
    if (isRequest && method === 'BYE') this.#over(callId);
    if (isRequest || method !== 'INVITE' || status < 200 || status >= 300) return;
    const key = `${callId} ${cseq} ${toTag}`;
    if (this.#settled.has(key)) return;
    const waiting = this.#waiting.get(key);
    const first = { firstMs: atMs, firstOwnMs: nowMs };
    if (waiting === undefined) this.#waiting.set(key, { callId, tag: toTag, flow, ...first, lastMs: atMs });
    else waiting.lastMs = atMs;
  }

  #over(callId: string): void {
    this.#leave((waiting) => waiting.callId === callId);
  }

  #leave(isIts: (waiting: Waiting) => boolean): void {
    for (const [key, waiting] of this.#waiting) if (isIts(waiting)) this.#settle(key);
  }

  #settle(key: string): void {
    this.#waiting.delete(key);
    this.#settled.add(key);
  }
}
