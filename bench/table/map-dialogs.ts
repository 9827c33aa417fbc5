import type { Slice } from '../../core/dialog/slice.ts';
import type { Laps } from '../stopwatch.ts';
import { type Dialogs, randomOrder } from './dialogs.ts';
import { Texts } from './texts.ts';

/** What is known of a dialog, as one would write it first. */
class PlainDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localParty: string;
  readonly remoteParty: string;
  readonly contact: string;
  target: string;
  routes: string;
  session = '';
  state = 1;
  flags = 0;
  localSequence = 0;
  remoteSequence = 0;
  sessionInterval = 0;
  sessionTimer: object | undefined = undefined;
  hop: object | undefined = undefined;
  recovering = false;
  phase = 0;
  attempt = 0;
  generation = 0;
  sinceMs = 0.5;
  aliveAtMs = 0.5;

  constructor({ parts }: Texts) {
    this.callId = textOf(parts.callId);
    this.localTag = textOf(parts.localTag);
    this.remoteTag = textOf(parts.remoteTag);
    this.localParty = textOf(parts.localParty);
    this.remoteParty = textOf(parts.remoteParty);
    this.contact = textOf(parts.contact);
    this.target = textOf(parts.target);
    this.routes = textOf(parts.routes);
  }
}

/** A Map of plain objects. */
export class MapDialogs implements Dialogs {
  readonly size = 0;
  readonly rowSize = 0;
  readonly #dialogs = new Map<string, PlainDialog>();
  readonly #texts = new Texts();
  readonly #order: Uint32Array;

  constructor(count: number) {
    this.#order = randomOrder(count);
  }

  get length(): number {
    return this.#order.length;
  }

  get count(): number {
    return this.#dialogs.size;
  }

  create(laps: Laps): void {
    for (let number = 0; number < this.#order.length; number++) {
      this.#texts.write(number);
      const dialog = new PlainDialog(this.#texts);
      dialog.localSequence = number;
      this.#dialogs.set(this.#key(), dialog);
      laps.lap();
    }
  }

  find(laps: Laps): number {
    let missed = 0;
    for (const number of this.#order) {
      this.#texts.writeIdentity(number);
      if (this.#dialogs.get(this.#key())?.localSequence !== number) missed++;
      laps.lap();
    }
    return missed;
  }

  change(laps: Laps): number {
    let missed = 0;
    for (const number of this.#order) {
      this.#texts.write(number);
      const dialog = this.#dialogs.get(this.#key());
      if (dialog === undefined) {
        missed++;
        continue;
      }
      dialog.target = textOf(this.#texts.otherTarget);
      dialog.routes = textOf(this.#texts.otherRoutes);
      laps.lap();
    }
    return missed;
  }

  walk(): number {
    let count = 0;
    for (const dialog of this.#dialogs.values()) if (dialog.state === 1 && dialog.localSequence >= 0) count++;
    return count;
  }

  free(laps: Laps): void {
    for (const number of this.#order) {
      this.#texts.writeIdentity(number);
      this.#dialogs.delete(this.#key());
      laps.lap();
    }
  }

  #key(): string {
    const { callId, localTag, remoteTag } = this.#texts.parts;
    return `${textOf(callId)} ${textOf(localTag)} ${textOf(remoteTag)}`;
  }
}

function textOf({ bytes, start, end }: Slice): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);
}
