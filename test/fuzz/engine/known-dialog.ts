/** A dialog with the engine as its far end knows it. */
export interface KnownDialog {
  readonly callId: string;
  /** The engine's tag, and the far end's. */
  readonly near: string;
  readonly far: string;
  /** Number of the far end's last request. */
  sequence: number;
  /** Numbers of the far end's last INVITE and of its last reliable response that was heard. */
  invite: number;
  reliable: number;
}

/** Dialogs that an input may speak of, the newest first. */
export class KnownDialogs {
  readonly #all: KnownDialog[] = [];

  /** The dialog with these, known from now on. */
  know(callId: string, near: string, far: string): KnownDialog {
    const known = this.#all.find((each) => each.callId === callId && each.near === near && each.far === far);
    if (known !== undefined) return known;
    const dialog = { callId, near, far, sequence: 1, invite: 1, reliable: 0 };
    this.#all.unshift(dialog);
    return dialog;
  }

  /** The newest but so many. */
  at(number: number): KnownDialog | undefined {
    return this.#all[number % Math.max(1, this.#all.length)];
  }
}
