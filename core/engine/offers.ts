import type { DialogIndex } from '../dialog/table.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { Content } from './command.ts';
import type { ResponseData } from './event.ts';
import type { Parts } from './parts.ts';

/** What hangs on the program's answer to an offer. */
export interface OfferUser {
  /** The answer; undefined when there is none: the program has none, has given the call up, or took longer than the peer waits. */
  answered(content: Content | undefined): void;
  /** The dialog ended first. */
  ended(): void;
}

interface Offer {
  readonly call: number;
  readonly dialog: DialogIndex;
  readonly user: OfferUser;
  timer: TimerId;
}

/** Offers in responses to INVITEs of ours that had none, until the program has answered them. @see RFC 3261 §13.2.1, RFC 3262 §5 */
export class Offers {
  readonly #parts: Parts;
  readonly #open = new Map<number, Offer>();
  readonly #limit: TimerKind;
  #ids = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#limit = parts.wheel.kind((id) => this.answer(id, undefined));
  }

  /** Asks the program, which has almost as long as the peer repeats its response: the ACK still has to find its transaction. */
  ask(call: number, dialog: DialogIndex, response: ResponseData, user: OfferUser): void {
    const { wheel, timers, reporter } = this.#parts;
    const id = ++this.#ids;
    const timer = wheel.arm(this.#limit, id, wheel.nowMs + timers.t1x64Ms - 2 * timers.t1Ms);
    this.#open.set(id, { call, dialog, user, timer });
    reporter.emit({ kind: 'offer', id: call, offer: id, response });
  }

  answer(id: number, content: Content | undefined): void {
    this.#take(id)?.user.answered(content);
  }

  /** Whether the offer of a dialog is not answered yet. */
  waits(dialog: DialogIndex): boolean {
    for (const offer of this.#open.values()) if (offer.dialog === dialog) return true;
    return false;
  }

  /** The program has given the call up. */
  decline(call: number): void {
    for (const [id, offer] of this.#open) if (offer.call === call) this.answer(id, undefined);
  }

  declineAll(): void {
    for (const id of [...this.#open.keys()]) this.answer(id, undefined);
  }

  dialogEnded(dialog: DialogIndex): void {
    for (const [id, offer] of this.#open) if (offer.dialog === dialog) this.#take(id)?.user.ended();
  }

  #take(id: number): Offer | undefined {
    const offer = this.#open.get(id);
    if (offer === undefined) return undefined;
    this.#open.delete(id);
    this.#parts.wheel.disarm(offer.timer);
    return offer;
  }
}
