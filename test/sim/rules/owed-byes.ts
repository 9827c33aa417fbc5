import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker, Violate } from '../happening.ts';
import { paramOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { Place } from '../plan.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** A BYE without an answer is given up after 64*T1. */
const transactionMs = 32_000;
/** Attempts are apart by 2, 4, 8 … s up to a quarter of an hour. */
const longestWaitMs = 900_000;
/** Nobody owes a BYE for longer. */
const owedForMs = 3_600_000;
/** A hop asks to be left alone for so long at most. */
const longestHoldMs = 300_000;
/** Other BYEs may be under way, a connection may have to be opened, and a hop that is silent is dead after a while. */
const slackMs = 60_000;

/** Whoever says so need not be the peer, and knows nothing of the end. */
const troubles: ReadonlySet<number> = new Set([404, 408, 430, 477, 478, 480, 500, 502, 503, 504]);

/** Whoever answers a heal so has no such dialog. @see RFC 5057 §5.1 */
const fatal: ReadonlySet<number> = new Set([404, 410, 416, 481, 482, 483, 484, 485, 603, 604]);

/** A BYE that nobody has answered. */
interface Debt {
  readonly callId: string;
  readonly beganMs: number;
  /** Each attempt is a transaction of its own. */
  readonly branches: Set<string>;
  /** When the last copy went, or was refused. */
  triedMs: number;
}

/**
 * A BYE goes again, once a route is good, until the peer has it: it answers, or says BYE itself. Else the dialog would live on there, as a
 * ghost.
 */
export const owedByes: RuleMaker = {
  name: 'owed-byes',
  make({ plan, addresses }, violate): Rule {
    const hops = new Set(addresses.hops.slice(0, plan.cast.hops.length));
    const watch = (place: Place, tell: Violate): End | undefined => {
      const end = plan.cast[place];
      // Without recovery each BYE goes once.
      return end.kind === 'model' || end.mode === 'none' ? undefined : new End(hops, tell);
    };
    return byProcess(violate, watch, 'at-rest');
  },
};

/** What one process at a place owes. */
class End {
  readonly #hops: ReadonlySet<string>;
  readonly #violate: Violate;
  /** By Call-ID and tags, its own first. */
  readonly #debts = new Map<string, Debt>();
  /** Those that are settled. */
  readonly #settled = new Set<string>();
  readonly #hopOf = new Map<FlowId, string>();
  /** Since when a hop is heard from and has left nothing that was sent to it unanswered for long. */
  readonly #goodSinceMs = new Map<string, number>();
  readonly #askedMs = new Map<string, number>();

  constructor(hops: ReadonlySet<string>, violate: Violate) {
    this.#hops = hops;
    this.#violate = violate;
  }

  /** By the world's clock: one's own may jump, and what falls due by that is sent a moment later. */
  see({ inputs, outputs, atMs: nowMs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-open') this.#opened(input.flow, `${input.remote.host}:${input.remote.port}`);
      else if (input.kind === 'flow-lost') this.#lost(input.flow);
      else if (input.kind === 'message') this.#heard(input.flow, input.bytes, nowMs);
    }
    for (const output of outputs) {
      if (output.kind === 'close') this.#lost(output.flow);
      else if (output.kind === 'send') this.#sent(output.flow, output.bytes, nowMs);
    }
    for (const [key, debt] of this.#debts) this.#look(key, debt, nowMs);
  }

  #look(key: string, { callId, beganMs, branches, triedMs }: Debt, nowMs: number): void {
    const waitMs = transactionMs + Math.min(1000 * 2 ** branches.size, longestWaitMs) + slackMs;
    if (nowMs <= triedMs + waitMs) return;
    if (!this.#isGood(nowMs)) return;
    this.#debts.delete(key);
    if (nowMs > beganMs + owedForMs) return;
    const silentS = Math.round((nowMs - triedMs) / 1000);
    this.#violate(`owes a BYE that it has not tried for ${silentS} s, ${branches.size} times before`, callId);
  }

  /** Whether some hop of the list could have taken a BYE for a while. */
  #isGood(nowMs: number): boolean {
    for (const [hop, sinceMs] of this.#goodSinceMs)
      if (nowMs - sinceMs >= slackMs && nowMs - (this.#askedMs.get(hop) ?? nowMs) < slackMs / 2) return true;
    return false;
  }

  #opened(flow: FlowId, remote: string): void {
    if (this.#hops.has(remote)) this.#hopOf.set(flow, remote);
    else this.#hopOf.delete(flow);
  }

  #lost(flow: FlowId): void {
    const hop = this.#hopOf.get(flow);
    this.#hopOf.delete(flow);
    if (hop !== undefined) this.#goodSinceMs.delete(hop);
  }

  #heard(flow: FlowId, bytes: Uint8Array, nowMs: number): void {
    const hop = this.#hopOf.get(flow);
    const message = isProbe(bytes) ? undefined : read(bytes);
    if (hop !== undefined) this.#isWell(hop, message, nowMs);
    if (message === undefined) return;
    const { isRequest, status, method } = message;
    const replaced = isRequest ? message.header('replaces') : '';
    // Whoever has replaced a dialog knows that the old one is over (RFC 3891 §3).
    if (replaced !== '') this.#settle(keyOfReplaced(replaced));
    else if (isRequest && method === 'BYE') this.#settle(keyOf(message.callId, message.toTag, message.fromTag));
    else if (method === 'BYE' && status >= 200) this.#answered(message, nowMs);
    else if (fatal.has(status)) this.#settle(keyOf(message.callId, message.fromTag, message.toTag));
  }

  #isWell(hop: string, message: Message | undefined, nowMs: number): void {
    const silentMs = nowMs - (this.#askedMs.get(hop) ?? nowMs);
    this.#askedMs.delete(hop);
    const isHeld = message?.status === 503 && message.has('retry-after');
    if (isHeld) this.#goodSinceMs.set(hop, nowMs + longestHoldMs);
    else if (!this.#goodSinceMs.has(hop) || silentMs > transactionMs)
      this.#goodSinceMs.set(hop, Math.max(nowMs, this.#goodSinceMs.get(hop) ?? 0));
  }

  #answered(message: Message, nowMs: number): void {
    const key = keyOf(message.callId, message.fromTag, message.toTag);
    const debt = this.#debts.get(key);
    if (debt?.branches.has(branchOf(message)) !== true) return;
    if (troubles.has(message.status)) debt.triedMs = nowMs;
    else this.#settle(key);
  }

  #settle(key: string): void {
    this.#debts.delete(key);
    this.#settled.add(key);
  }

  #sent(flow: FlowId, bytes: Uint8Array, nowMs: number): void {
    const hop = this.#hopOf.get(flow);
    if (hop !== undefined && !this.#askedMs.has(hop) && wantsAnswer(bytes)) this.#askedMs.set(hop, nowMs);
    const message = isBye(bytes) ? read(bytes) : undefined;
    if (message === undefined) return;
    const { callId, fromTag, toTag } = message;
    const key = keyOf(callId, fromTag, toTag);
    if (this.#settled.has(key)) return;
    const debt = this.#debts.get(key) ?? { callId, beganMs: nowMs, branches: new Set(), triedMs: nowMs };
    debt.branches.add(branchOf(message));
    debt.triedMs = nowMs;
    this.#debts.set(key, debt);
  }
}

function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

function keyOfReplaced(replaces: string): string {
  const [callId = ''] = replaces.split(';', 1);
  const params = replaces.slice(callId.length);
  return keyOf(callId.trim(), paramOf(params, 'to-tag') ?? '', paramOf(params, 'from-tag') ?? '');
}

function isBye(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x59; // "BY"
}

/** Neither a response nor an ACK. */
function wantsAnswer(bytes: Uint8Array): boolean {
  return !(bytes[0] === 0x53 && bytes[1] === 0x49) && !(bytes[0] === 0x41 && bytes[1] === 0x43);
}
