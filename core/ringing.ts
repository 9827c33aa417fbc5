/** A call that comes in, until it is decided: its signal is made when somebody asks for it, which few programs do. */
export class Ringing {
  #controller: AbortController | undefined;
  #isOver = false;

  /** Aborts when the call is over before it was decided. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isOver) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** The caller has given up, or the call has expired. */
  abort(): void {
    this.#isOver = true;
    this.#controller?.abort();
  }
}
