import type { DialogId } from '../../../core/dialog/table.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { byProcess } from '../processes.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;
type RouteTurn = Extract<EngineEvent, { kind: 'route-status' }>;

/** A session whose timer is ours to keep. */
interface Session {
  readonly callId: string;
  readonly intervalMs: number;
  /** When it was refreshed, or we last tried, or its route was mended; by the end's own clock. */
  sinceMs: number;
}

/** Less is never agreed on. @see RFC 4028 §4 */
const leastIntervalS = 90;
/** A connection may have to be opened for the refresh. */
const slackMs = 35_000;

/**
 * A session whose timer is ours is refreshed before it runs out, as long as its route works; one that was mended counts from then on.
 *
 * @see RFC 4028 §7.4, §10
 */
export const freshSessions: RuleMaker = {
  name: 'fresh-sessions',
  make({ plan }, violate): Rule {
    return byProcess(violate, (place, tell) => {
      const end = plan.cast[place];
      return end.kind === 'model' || end.mode === 'none' ? undefined : new End(tell);
    });
  },
};

/** The sessions of one process at a place. */
class End {
  readonly #violate: (what: string, callId: string) => void;
  readonly #sessions = new Map<string, Session>();
  /** Call-IDs of dialogs that have ended. */
  readonly #over = new Set<string>();
  /** Dialogs whose routes are broken, and their Call-IDs: branches of a fork share theirs, and are mended one by one. */
  readonly #broken = new Map<DialogId, string>();
  readonly #callIds = new Map<DialogId, string>();
  /** INVITEs that have had their 2xx, and dialogs of which the ACK of one has gone by: before that a session has not begun. */
  readonly #answered = new Set<string>();
  readonly #begun = new Set<string>();
  /** Target refreshes of its own: it hears nothing else that answers one. */
  readonly #asked = new Set<string>();
  /** Call-IDs of dialogs that are to be replaced, by those of the calls that do so (RFC 3891). */
  readonly #replaced = new Map<string, string>();

  constructor(violate: (what: string, callId: string) => void) {
    this.#violate = violate;
  }

  see({ inputs, outputs, nowMs }: Step): void {
    for (const input of inputs) if (input.kind === 'message') this.#pass(input.bytes, false, nowMs);
    for (const output of outputs) {
      if (output.kind === 'send') this.#pass(output.bytes, true, nowMs);
      else if (output.kind === 'event' && output.event.kind === 'ended') {
        this.#broken.delete(output.event.dialog.id);
        this.#end(output.event.dialog.callId);
      } else if (output.kind === 'event' && output.event.kind === 'route-status') this.#turn(output.event, nowMs);
    }
    for (const [key, { callId, intervalMs, sinceMs }] of this.#sessions) {
      if (!this.#begun.has(key)) continue;
      if (nowMs <= sinceMs + intervalMs + slackMs || [...this.#broken.values()].includes(callId)) continue;
      this.#sessions.delete(key);
      this.#violate(`lets a session of ${intervalMs / 1000} s run out, which is its own to refresh`, callId);
    }
  }

  #turn({ dialog: { id, callId }, routeStatus }: RouteTurn, nowMs: number): void {
    const former = this.#callIds.get(id);
    // A dialog that was put in its place has another.
    if (former !== undefined && former !== callId) this.#end(former);
    this.#callIds.set(id, callId);
    if (routeStatus.status === 'recovering') this.#broken.set(id, callId);
    else this.#broken.delete(id);
    for (const session of this.#sessions.values()) if (session.callId === callId) session.sinceMs = nowMs;
  }

  #end(callId: string): void {
    this.#over.add(callId);
    for (const [key, session] of this.#sessions) if (session.callId === callId) this.#sessions.delete(key);
  }

  #pass(bytes: Uint8Array, isOurs: boolean, nowMs: number): void {
    const message = isProbe(bytes) ? undefined : read(bytes);
    if (message === undefined) return;
    const { method, cseq, callId, isRequest, status } = message;
    const branch = branchOf(message);
    if (isRequest && method === 'BYE') this.#end(callId);
    if (method !== 'INVITE' && method !== 'UPDATE' && method !== 'ACK') return;
    if (isRequest && isOurs) this.#asked.add(branch);
    if (isRequest && message.has('replaces'))
      this.#replaced.set(callId, message.header('replaces').split(';')[0] ?? '');
    if (message.toTag === '' || (!isRequest && !isOurs && !this.#asked.has(branch))) return;
    const key = [callId, message.fromTag, message.toTag].sort().join(' ');
    const session = this.#sessions.get(key);
    if (method === 'ACK') {
      if (!this.#answered.has(`${key} ${cseq}`) || this.#begun.has(key)) return;
      this.#begun.add(key);
    }
    if (isRequest && isOurs && session !== undefined) session.sinceMs = nowMs;
    if (isRequest || status < 200 || status >= 300) return;
    if (method === 'INVITE') this.#answered.add(`${key} ${cseq}`);
    const replaced = this.#replaced.get(callId);
    if (replaced !== undefined) this.#end(replaced);
    this.#agree(key, message, isOurs, nowMs);
  }

  /** What a 2xx says. One without Session-Expires ends the timer, or says nothing of it. */
  #agree(key: string, message: Message, isOurs: boolean, nowMs: number): void {
    const { callId } = message;
    const value = message.header('session-expires');
    const refresher = /;\s*refresher\s*=\s*(ua[cs])/i.exec(value)?.[1]?.toLowerCase() ?? 'uac';
    this.#sessions.delete(key);
    const seconds = Math.max(Number.parseInt(value, 10), leastIntervalS);
    if (this.#over.has(callId) || !(seconds > 0) || (refresher === 'uas') !== isOurs) return;
    this.#sessions.set(key, { callId, intervalMs: seconds * 1000, sinceMs: nowMs });
  }
}
