import { type DialogIndex, DialogState } from '../dialog/table.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { Parts } from './parts.ts';

/** Others of a group are healed within so long after one of them was: not all at once, and only once for all that heal meanwhile. */
const spreadMs = 1000;

interface Group {
  readonly name: string;
  readonly number: number;
  readonly members: Set<DialogIndex>;
  /** Who has been healed since `timer` was armed. */
  readonly healed: Set<DialogIndex>;
  timer: TimerId;
}

/**
 * Dialogs that belong together, as the program says: those of one conference, the two legs of a gateway.
 *
 * When the route of one is mended, the others are healed as well: they mostly took the same one. A heal that comes of this leads to no further
 * ones.
 *
 * @see [MS-SIPRE] §3.7.5.3.4
 */
export class Groups {
  readonly #parts: Parts;
  readonly #due: TimerKind;
  readonly #byName = new Map<string, Group>();
  readonly #byNumber = new Map<number, Group>();
  readonly #of = new Map<DialogIndex, Group>();
  /** Heals that another's heal has led to. */
  readonly #following = new Set<DialogIndex>();
  #numbers = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#due = parts.wheel.kind((number) => {
      const group = this.#byNumber.get(number);
      if (group !== undefined) this.#healOthers(group);
    });
  }

  /** Puts a dialog into a group, and out of the one that it was in. */
  relate(dialog: DialogIndex, name: string): void {
    this.dialogEnded(dialog);
    const group = this.#byName.get(name) ?? this.#make(name);
    group.members.add(dialog);
    this.#of.set(dialog, group);
  }

  /** The name of the group that a dialog is in. */
  nameOf(dialog: DialogIndex): string | undefined {
    return this.#of.get(dialog)?.name;
  }

  /** The route of a dialog was mended, or renewed by us. A passive stack leaves the others of the far end's to the far end as well. */
  healed(dialog: DialogIndex, by: 'local' | 'remote'): void {
    const group = this.#of.get(dialog);
    if (group === undefined || this.#following.delete(dialog)) return;
    if (by === 'remote' && this.#parts.recovery.passive) return;
    if (group.members.size === 1) return; // whoever joins later has not missed it
    group.healed.add(dialog);
    if (group.timer !== 0) return;
    const { wheel, fraction } = this.#parts;
    group.timer = wheel.arm(this.#due, group.number, wheel.nowMs + fraction() * spreadMs);
  }

  healFailed(dialog: DialogIndex): void {
    this.#following.delete(dialog);
  }

  dialogEnded(dialog: DialogIndex): void {
    const group = this.#of.get(dialog);
    if (group === undefined) return;
    this.#of.delete(dialog);
    this.#following.delete(dialog);
    group.members.delete(dialog);
    group.healed.delete(dialog);
    if (group.members.size > 0) return;
    this.#parts.wheel.disarm(group.timer);
    this.#byName.delete(group.name);
    this.#byNumber.delete(group.number);
  }

  #make(name: string): Group {
    do this.#numbers = (this.#numbers + 1) >>> 0;
    while (this.#byNumber.has(this.#numbers));
    const group: Group = { name, number: this.#numbers, members: new Set(), healed: new Set(), timer: 0 };
    this.#byName.set(name, group);
    this.#byNumber.set(group.number, group);
    return group;
  }

  #healOthers(group: Group): void {
    const { table, healer } = this.#parts;
    group.timer = 0;
    for (const dialog of group.members) {
      if (group.healed.has(dialog) || table.state[dialog] !== DialogState.confirmed) continue;
      this.#following.add(dialog);
      healer.healInTurn(dialog);
    }
    group.healed.clear();
    healer.pump();
  }
}
