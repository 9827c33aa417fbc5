import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import type { OurEnd } from '../plan.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** A hop without a sign of life for so long after a request is asked whether it lives: 3.5 s, and what clocks and steps take. */
const askedAfterMs = 4500;
/** Three probes in vain, one more that goes out with the verdict, and one that counts anew since a request has made the hop suspect. */
const probesMax = 5;
/** A shorter wait than this share of the one before shows that a hop has become suspect: what was asked before does not count. */
const sooner = 0.6;
/** A hop that is probed is probed at least so often beyond its interval. */
const slackMs = 1000;

/** What only programs send in a dialog. */
const wishes: ReadonlySet<string> = new Set(['INFO', 'OPTIONS', 'MESSAGE', 'FOO']);

/** A request that a hop has left without a sign of life so far. */
interface Waiting {
  readonly callId: string;
  /** Both by the end's own clock, which jumps, and by the world's. */
  readonly nowMs: number;
  readonly atMs: number;
}

/** A hop that has shown no sign of life since something was sent to it. */
interface Silence {
  readonly waiting: Map<string, Waiting>;
  /** Probes in a row, each a whole wait after the one before. */
  probes: number;
  probedAtMs: number;
  waitedMs: number;
}

/**
 * A hop that leaves a program's request or a heal without any sign of life is asked whether it lives; and one that leaves three probes
 * unanswered is dead: nothing but probes goes there until it is heard again.
 */
export const silentHops: RuleMaker = {
  name: 'silent-hops',
  make({ plan, addresses }, violate): Rule {
    const hosts = new Set(addresses.hops.map(hostOf));
    return byProcess(violate, (place, tell) => {
      const end = plan.cast[place];
      // Without recovery nobody asks.
      return end.kind === 'model' || end.mode === 'none' ? undefined : new End(end, hosts, tell);
    });
  },
};

/** What one process at a place hears of its hops. */
class End {
  readonly #probeIntervalMs: number;
  readonly #hosts: ReadonlySet<string>;
  readonly #violate: (what: string, callId: string) => void;
  readonly #hostOf = new Map<FlowId, string>();
  readonly #silences = new Map<FlowId, Silence>();
  /** Requests that have outlasted a sign of life of their hop, or whose dialog goes by another, or is over. */
  readonly #old = new Set<string>();
  /** Since when dialogs recover, by Call-ID. */
  readonly #recovering = new Map<string, number>();

  constructor(
    { probeIntervalMs }: OurEnd,
    hosts: ReadonlySet<string>,
    violate: (what: string, callId: string) => void,
  ) {
    this.#probeIntervalMs = probeIntervalMs;
    this.#hosts = hosts;
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs, atMs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-open' && this.#hosts.has(input.remote.host))
        this.#hostOf.set(input.flow, input.remote.host);
      else if (input.kind === 'flow-lost') this.#lost(input.flow);
      else if (input.kind === 'message') {
        this.#heard(input.flow);
        this.#answered(input.flow, input.bytes);
      }
    }
    for (const output of outputs) {
      if (output.kind === 'close') this.#lost(output.flow);
      else if (output.kind === 'send' && this.#hostOf.has(output.flow))
        this.#sent(output.flow, output.bytes, { nowMs, atMs });
      else if (output.kind === 'event' && output.event.kind === 'route-status') {
        const { dialog, routeStatus } = output.event;
        if (routeStatus.status === 'recovering') this.#recovering.set(dialog.callId, nowMs);
        else this.#recovering.delete(dialog.callId);
      } else if (output.kind === 'event' && output.event.kind === 'ended') this.#leave(output.event.dialog.callId);
    }
  }

  #lost(flow: FlowId): void {
    this.#hostOf.delete(flow);
    this.#silences.delete(flow);
  }

  /** A hop may answer by another connection, which is its own. */
  #heard(flow: FlowId): void {
    const host = this.#hostOf.get(flow);
    if (host === undefined) return;
    for (const [other, { waiting }] of this.#silences) {
      if (this.#hostOf.get(other) !== host) continue;
      for (const key of waiting.keys()) this.#old.add(key);
      this.#silences.delete(other);
    }
  }

  /** A refresh, or a heal, that was taken by one hop: the dialog goes by that from now on. */
  #answered(flow: FlowId, bytes: Uint8Array): void {
    const message = isResponse(bytes) && !isProbe(bytes) ? read(bytes) : undefined;
    if (message === undefined || message.status < 200 || message.status >= 300) return;
    if (message.method === 'UPDATE' || message.method === 'INVITE') this.#leave(message.callId, flow);
  }

  /** What is under way in a dialog does not count any more, but for what went by the hop that it goes by now. */
  #leave(callId: string, except?: FlowId): void {
    for (const [flow, { waiting }] of this.#silences)
      for (const [key, request] of waiting) if (request.callId === callId && flow !== except) this.#old.add(key);
  }

  #sent(flow: FlowId, bytes: Uint8Array, now: Pick<Step, 'nowMs' | 'atMs'>): void {
    const isAsked = isProbe(bytes);
    const message = isAsked ? undefined : read(bytes);
    if (isAsked && isResponse(bytes)) return;
    if (!isAsked && (message?.isRequest !== true || message.toTag === '' || message.method === 'ACK')) return;
    const silence = this.#silences.get(flow) ?? { waiting: new Map(), probes: 0, probedAtMs: 0, waitedMs: 0 };
    this.#silences.set(flow, silence);
    if (message === undefined) this.#probed(silence, now.nowMs);
    else this.#asked(silence, message, this.#hostOf.get(flow) ?? '', now);
  }

  #probed(silence: Silence, nowMs: number): void {
    const waitedMs = nowMs - silence.probedAtMs;
    const isNew = waitedMs < sooner * silence.waitedMs || waitedMs > this.#probeIntervalMs + slackMs;
    silence.waitedMs = silence.probes === 0 ? 0 : waitedMs;
    silence.probes = isNew ? 1 : silence.probes + 1;
    silence.probedAtMs = nowMs;
  }

  #asked(silence: Silence, message: Message, host: string, { nowMs, atMs }: Pick<Step, 'nowMs' | 'atMs'>): void {
    const { method, callId } = message;
    const { waiting, probes, probedAtMs } = silence;
    if (probes >= probesMax && nowMs - probedAtMs <= this.#probeIntervalMs + slackMs)
      this.#violate(`sends ${method} to ${host}, which has left ${probes} probes in a row unanswered`, callId);
    if (method === 'BYE') this.#leave(callId);
    const key = `${method} ${branchOf(message)}`;
    const first = waiting.get(key);
    if (first === undefined) waiting.set(key, { callId, nowMs, atMs });
    if (first === undefined || probedAtMs >= first.nowMs || this.#old.has(key)) return;
    const isSince = first.nowMs >= (this.#recovering.get(callId) ?? Number.POSITIVE_INFINITY);
    const isHeal = isSince && (method === 'UPDATE' || method === 'INVITE');
    if (!isHeal && !wishes.has(method)) return;
    const silentMs = Math.min(nowMs - first.nowMs, atMs - first.atMs);
    if (silentMs <= askedAfterMs) return;
    const silent = `silent for ${(silentMs / 1000).toFixed(1)} s`;
    this.#violate(`repeats ${method} to ${host}, ${silent}, and does not ask whether it lives`, callId);
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

function isResponse(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53; // "SIP/2.0", where a probe has "OPTIONS"
}
