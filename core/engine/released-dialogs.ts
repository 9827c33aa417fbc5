import type { Message } from '../message/message.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';
import type { DialogRecord } from './dialog-record.ts';
import { releasedForMs, releasedMax } from './limits.ts';

/**
 * Dialogs that the program has let go of, for as long as their peers may not know where they are now.
 *
 * A request in one of them is not answered 481, which would end the dialog for its peer (RFC 3261 §12.2.1.2), but 500 with
 * Retry-After, which concerns the request alone (RFC 5057 §5.1): by then whoever has the dialog has told the peer its Contact.
 *
 * A BYE ends its sender's side alone, and what it gets in place of the truth would only have it sent again: it hears 481 sooner, and
 * the new owner the same from the peer.
 */
export class ReleasedDialogs {
  readonly #wheel: Wheel;
  readonly #byesForMs: number;
  /** When each was let go of, the oldest first. */
  readonly #atMs = new Map<string, number>();
  readonly #over: TimerKind;
  #timer: TimerId = 0;

  /** `byesForMs`: so long a BYE is kept from hearing 481. */
  constructor(wheel: Wheel, byesForMs: number) {
    this.#wheel = wheel;
    this.#byesForMs = byesForMs;
    this.#over = wheel.kind(() => {
      this.#timer = 0;
      this.#forgetOld();
    });
  }

  get count(): number {
    return this.#atMs.size;
  }

  note(record: DialogRecord): void {
    this.forget(record); // else it would keep its old place
    if (this.#atMs.size >= releasedMax) {
      const [oldest = ''] = this.#atMs.keys();
      this.#atMs.delete(oldest);
    }
    this.#atMs.set(keyOf(record.callId, record.localTag, record.remoteTag), this.#wheel.nowMs);
    if (this.#timer === 0) this.#arm(this.#wheel.nowMs);
  }

  #forgetOld(): void {
    for (const [key, atMs] of this.#atMs) {
      if (this.#wheel.nowMs - atMs < releasedForMs) {
        this.#arm(atMs);
        return;
      }
      this.#atMs.delete(key);
    }
  }

  /** For one that was let go of then. */
  #arm(atMs: number): void {
    this.#timer = this.#wheel.arm(this.#over, 0, atMs + releasedForMs);
  }

  /** It is ours again. */
  forget(record: DialogRecord): void {
    this.#atMs.delete(keyOf(record.callId, record.localTag, record.remoteTag));
  }

  /** Forgets them all. */
  clear(): void {
    this.#wheel.disarm(this.#timer);
    this.#timer = 0;
    this.#atMs.clear();
  }

  /** Whether a request is in a dialog that we had a moment ago, and is not to hear that it is over. */
  has(request: Message): boolean {
    if (this.#atMs.size === 0) return false;
    const { callId, to, from, method } = request;
    const atMs = this.#atMs.get(keyOf(request.text(callId), request.text(to.tag), request.text(from.tag)));
    return atMs !== undefined && (method !== 'BYE' || this.#wheel.nowMs - atMs < this.#byesForMs);
  }
}

/** A space can be in none of them. */
function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}
