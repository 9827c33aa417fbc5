import type { FlowId } from '../../../core/contract.ts';
import type { Happening, RuleMaker, Violate } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** Nobody is bound for longer. */
const longestMs = 300_000;
/** What is left of a millisecond by clocks that drift. */
const slackMs = 50;
/** A hop is held for dead after so many, and begins anew when it is heard again. */
const probesMax = 3;

/**
 * A hop that asks by 503 and Retry-After to be left alone is sent no new call and no heal for so long, unless it has been down
 * meanwhile.
 *
 * @see RFC 3261 §21.5.4
 */
export const leftAlone: RuleMaker = {
  name: 'left-alone',
  make: ({ addresses }, violate) => byProcess(violate, (_place, tell) => new End(addresses.hops, tell)),
};

/** What one process at a place knows of its hops. */
class End {
  readonly #hops: readonly string[];
  readonly #violate: Violate;
  readonly #hopOf = new Map<FlowId, string>();
  /** Until when, by its own clock. */
  readonly #heldUntilMs = new Map<string, number>();
  /** Probes since the hop was heard last. */
  readonly #probes = new Map<string, number>();
  /**
   * Requests under way, and the hops that they went to. What a hop leaves behind when it goes down has failed, as has what a BYE
   * leaves behind, and a late answer says nothing.
   */
  readonly #known = new Map<string, { readonly hop: string; readonly callId: string }>();
  /** Call-IDs by the dialogs that recover. */
  readonly #recovering = new Map<unknown, string>();
  /** Target refreshes that its program has asked for, with their dialogs: they are no heals. */
  readonly #wished = new Map<number, unknown>();

  constructor(hops: readonly string[], violate: Violate) {
    this.#hops = hops;
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-open') this.#opened(input.flow, `${input.remote.host}:${input.remote.port}`);
      else if (input.kind === 'flow-lost') this.#down(this.#hopOf.get(input.flow));
      else if (input.kind === 'open-failed') this.#heldUntilMs.clear();
      else if (input.kind === 'message') this.#heard(input.flow, input.bytes, nowMs);
      else if (input.kind === 'command' && input.command.name === 'request') {
        const { id, dialog, method } = input.command;
        if (method === 'UPDATE' || method === 'INVITE') this.#wished.set(id, dialog);
      }
    }
    for (const output of outputs) {
      if (output.kind === 'send') this.#sent(output.flow, output.bytes, nowMs);
      else if (output.kind === 'event' && output.event.kind === 'result') this.#wished.delete(output.event.id);
      else if (output.kind === 'event' && output.event.kind === 'ended')
        this.#recovering.delete(output.event.dialog.id);
      else if (output.kind === 'event' && output.event.kind === 'route-status') {
        const { dialog, routeStatus } = output.event;
        if (routeStatus.status === 'recovering') this.#recovering.set(dialog.id, dialog.callId);
        else this.#recovering.delete(dialog.id);
      }
    }
  }

  #opened(flow: FlowId, remote: string): void {
    if (this.#hops.includes(remote)) this.#hopOf.set(flow, remote);
    else this.#hopOf.delete(flow);
  }

  #down(hop: string | undefined): void {
    if (hop === undefined) return;
    this.#heldUntilMs.delete(hop);
    for (const [asked, at] of this.#known) if (at.hop === hop) this.#known.delete(asked);
  }

  #heard(flow: FlowId, bytes: Uint8Array, nowMs: number): void {
    const hop = this.#hopOf.get(flow);
    if (hop === undefined) return;
    if ((this.#probes.get(hop) ?? 0) >= probesMax) this.#down(hop);
    this.#probes.set(hop, 0);
    const message = isProbe(bytes) ? undefined : read(bytes);
    if (message === undefined || message.isRequest || message.status !== 503) return;
    // A call that nobody waits for any more is left to its transaction, and an answer counts once.
    const asked = `${branchOf(message)} ${message.method}`;
    const isNew = this.#known.delete(asked);
    const seconds = Number.parseInt(message.header('retry-after'), 10);
    if (!isNew || !(seconds > 0) || !this.#isBinding(message)) return;
    const untilMs = nowMs + Math.min(seconds * 1000, longestMs);
    this.#heldUntilMs.set(hop, Math.max(untilMs, this.#heldUntilMs.get(hop) ?? 0));
  }

  #sent(flow: FlowId, bytes: Uint8Array, nowMs: number): void {
    const hop = this.#hopOf.get(flow);
    if (hop === undefined) return;
    if (isProbe(bytes)) {
      this.#probes.set(hop, (this.#probes.get(hop) ?? 0) + 1);
      return;
    }
    const message = read(bytes);
    if (message === undefined || !message.isRequest) return;
    const key = `${branchOf(message)} ${message.method}`;
    if (this.#known.has(key)) return;
    const { callId } = message;
    if (message.method === 'BYE')
      for (const [asked, at] of this.#known) if (at.callId === callId) this.#known.delete(asked);
    this.#known.set(key, { hop, callId });
    const untilMs = this.#heldUntilMs.get(hop) ?? 0;
    if (nowMs >= untilMs - slackMs || !this.#isBinding(message)) return;
    const leftS = ((untilMs - nowMs) / 1000).toFixed(1);
    this.#violate(`sends ${message.method} to ${hop}, which wants to be left alone for ${leftS} s more`, callId);
  }

  /** A new call, or a heal. */
  #isBinding({ method, toTag, callId, isRequest }: Message): boolean {
    if (isRequest && toTag === '') return method === 'INVITE';
    if (method !== 'INVITE' && method !== 'UPDATE') return false;
    const healing = [...this.#recovering].filter(([, one]) => one === callId).map(([dialog]) => dialog);
    const wished = new Set(this.#wished.values());
    if (healing.length > 0) return healing.every((dialog) => !wished.has(dialog));
    // The tag of a refusal may be anybody's.
    return !isRequest && method === 'INVITE';
  }
}
