import type { Message } from '../message/message.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';
import type { DialogRecord } from './dialog-record.ts';
import { releasedMax } from './limits.ts';

/**
 * Dialogs that the program has let go of, for as long as their peers may not know where they are now.
 *
 * A request in one of them is not answered 481, which would end the dialog for its peer (RFC 3261 §12.2.1.2), but 500 with
 * Retry-After, which concerns the request alone (RFC 5057 §5.1): by then whoever has the dialog has told the peer its Contact.
 */
export class ReleasedDialogs {
  readonly #wheel: Wheel;
  readonly #rememberedForMs: number;
  /** The oldest first. */
  readonly #untilMs = new Map<string, number>();
  readonly #over: TimerKind;
  #timer: TimerId = 0;

  constructor(wheel: Wheel, rememberedForMs: number) {
    this.#wheel = wheel;
    this.#rememberedForMs = rememberedForMs;
    this.#over = wheel.kind(() => {
      this.#timer = 0;
      this.#forgetOld();
    });
  }

  get count(): number {
    return this.#untilMs.size;
  }

  note(record: DialogRecord): void {
    this.forget(record); // else it would keep its old place
    if (this.#untilMs.size >= releasedMax) {
      const [oldest = ''] = this.#untilMs.keys();
      this.#untilMs.delete(oldest);
    }
    const untilMs = this.#wheel.nowMs + this.#rememberedForMs;
    this.#untilMs.set(keyOf(record.callId, record.localTag, record.remoteTag), untilMs);
    if (this.#timer === 0) this.#timer = this.#wheel.arm(this.#over, 0, untilMs);
  }

  #forgetOld(): void {
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs > this.#wheel.nowMs) {
        this.#timer = this.#wheel.arm(this.#over, 0, untilMs);
        return;
      }
      this.#untilMs.delete(key);
    }
  }

  /** It is ours again. */
  forget(record: DialogRecord): void {
    this.#untilMs.delete(keyOf(record.callId, record.localTag, record.remoteTag));
  }

  /** Whether a request is in a dialog that we had a moment ago. */
  has(request: Message): boolean {
    if (this.#untilMs.size === 0) return false;
    const { callId, to, from } = request;
    return this.#untilMs.has(keyOf(request.text(callId), request.text(to.tag), request.text(from.tag)));
  }
}

/** A space can be in none of them. */
function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}
