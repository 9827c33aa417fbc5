import type { Message } from '../message/message.ts';
import type { DialogRecord } from './dialog-record.ts';

/** So many are remembered, the last ones: what a program hands over at once when it leaves. */
const releasedMax = 131_072;

/**
 * Dialogs that the program has let go of, for as long as their peers may not know where they are now.
 *
 * A request in one of them is not answered 481, which would end the dialog for its peer (RFC 3261 §12.2.1.2), but 500 with
 * Retry-After, which concerns the request alone (RFC 5057 §5.1): by then whoever has the dialog has told the peer its Contact.
 */
export class ReleasedDialogs {
  readonly #untilMs = new Map<string, number>();
  readonly #rememberedForMs: number;

  constructor(options: { readonly rememberedForMs: number }) {
    this.#rememberedForMs = options.rememberedForMs;
  }

  get count(): number {
    return this.#untilMs.size;
  }

  note(record: DialogRecord, nowMs: number): void {
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs > nowMs && this.#untilMs.size < releasedMax) break;
      this.#untilMs.delete(key);
    }
    this.forget(record); // else it would keep its old place
    this.#untilMs.set(keyOf(record.callId, record.localTag, record.remoteTag), nowMs + this.#rememberedForMs);
  }

  /** It is ours again. */
  forget(record: DialogRecord): void {
    this.#untilMs.delete(keyOf(record.callId, record.localTag, record.remoteTag));
  }

  /** Whether a request is in a dialog that we had a moment ago. */
  has(request: Message, nowMs: number): boolean {
    if (this.#untilMs.size === 0) return false;
    const { callId, to, from } = request;
    const untilMs = this.#untilMs.get(keyOf(request.text(callId), request.text(to.tag), request.text(from.tag)));
    return untilMs !== undefined && untilMs > nowMs;
  }
}

/** A space can be in none of them. */
function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}
