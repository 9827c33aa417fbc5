import { type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { BreakCause } from '../recovery/classify.ts';
import type { Parts } from './parts.ts';
import { givenUpText, originOf, responseData } from './reporter.ts';

/**
 * Heals that the program asks for: of a dialog whose route is broken, or of one that it has reason to doubt.
 *
 * Each is told of the next heal that ends, and of no later one: what is broken is healed on by the schedule.
 */
export class AskedHeals {
  readonly #parts: Parts;
  /** Commands that wait, by dialog. */
  readonly #asking = new Map<DialogIndex, number[]>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get count(): number {
    let count = 0;
    for (const ids of this.#asking.values()) count += ids.length;
    return count;
  }

  heal(id: number, dialogId: DialogId): void {
    const { table, reporter, healer } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (dialog === -1 || table.state[dialog] !== DialogState.confirmed) {
      reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
      return;
    }
    const others = this.#asking.get(dialog);
    if (others === undefined) this.#asking.set(dialog, [id]);
    else others.push(id);
    healer.healNow(dialog);
    healer.pump();
  }

  /** The program no longer waits for the outcome; the heal goes on. */
  abandon(id: number): void {
    for (const [dialog, ids] of this.#asking) {
      if (!ids.includes(id)) continue;
      this.#asking.delete(dialog);
      const others = ids.filter((other) => other !== id);
      if (others.length > 0) this.#asking.set(dialog, others);
      this.#parts.reporter.failWithCode(id, 'SIP_ABORTED', 'The heal was abandoned.');
    }
  }

  healed(dialog: DialogIndex): void {
    for (const id of this.#take(dialog)) {
      this.#parts.reporter.done(id, { routeStatus: this.#parts.healer.status(dialog) });
    }
  }

  /** They asked while a heal was under way that the peer's had overtaken, so that nothing is to be learned from its end: they get one of their own. */
  healOvertaken(dialog: DialogIndex): void {
    if (this.#asking.has(dialog)) this.#parts.healer.healNow(dialog);
  }

  healFailed(dialog: DialogIndex, cause: BreakCause, response: Message | undefined): void {
    const { reporter } = this.#parts;
    for (const id of this.#take(dialog)) {
      if (response !== undefined) reporter.failWithResponse(id, responseData(response), originOf(response));
      else reporter.failLocally(id, cause === 'timeout' ? 408 : 503);
    }
  }

  givenUp(dialog: DialogIndex): void {
    for (const id of this.#take(dialog)) this.#parts.reporter.failWithCode(id, 'SIP_RECOVERY_FAILED', givenUpText);
  }

  dialogEnded(dialog: DialogIndex): void {
    for (const id of this.#take(dialog)) {
      this.#parts.reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog ended before it was healed.');
    }
  }

  #take(dialog: DialogIndex): readonly number[] {
    const ids = this.#asking.get(dialog);
    if (ids === undefined) return none;
    this.#asking.delete(dialog);
    return ids;
  }
}

const none: readonly number[] = [];
