import type { Command } from './engine/command.ts';
import type { CommandFailure, ResultValue } from './engine/event.ts';
import { SipError, UsageError } from './errors.ts';
import { FailureResponseError } from './handles.ts';
import type { InviteOptions } from './invite-options.ts';

/** The engine's timers carry unsigned 32-bit numbers. */
const commandIdMax = 2 ** 32 - 1;

/** Ids from here on are of commands that come from inside a shard, where its application runs; below they are the facade's. */
export const ownCommandIdMin: number = 2 ** 31;

/** How a command is asked. */
export interface Asking {
  readonly signal?: AbortSignal | undefined;
  readonly onAbort?: (id: number) => Command;
  readonly onProvisional?: InviteOptions['onProvisional'];
}

interface Waiter {
  readonly shard: number;
  readonly resolve: (value: ResultValue) => void;
  readonly reject: (error: SipError) => void;
  readonly onProvisional: InviteOptions['onProvisional'];
  /** Its signal was aborted: nobody waits any more, and its result is still to come. */
  isGivenUp: boolean;
}

/** Commands whose results are awaited, of all shards. */
export class PendingCommands {
  readonly #waiters = new Map<number, Waiter>();
  readonly #firstId: number;
  readonly #lastId: number;
  readonly #toOtherThreads: boolean;
  #id: number;

  /** `inShard`: the commands come from inside a shard. `toOtherThreads`: they go to shards that may be busy, even for ever. */
  constructor(inShard: boolean, toOtherThreads: boolean) {
    this.#toOtherThreads = toOtherThreads;
    this.#firstId = inShard ? ownCommandIdMin : 1;
    this.#lastId = inShard ? commandIdMax : ownCommandIdMin - 1;
    this.#id = this.#lastId;
  }

  /**
   * Sends a command that `make` gives for an id; resolves with its result. When `signal` aborts, the shard is told by `onAbort`: one in this
   * thread answers with how the command ended, for others nobody waits, and it rejects with `SIP_ABORTED` at once.
   */
  async ask(
    shard: number,
    make: (id: number) => Command,
    send: (command: Command) => void,
    { signal, onAbort, onProvisional }: Asking,
  ): Promise<ResultValue> {
    if (signal?.aborted) throw new SipError('SIP_ABORTED', 'The signal was aborted before the call.');
    const id = this.#newId();
    const result = new Promise<ResultValue>((resolve, reject) => {
      this.#waiters.set(id, { shard, resolve, reject, onProvisional, isGivenUp: false });
    });
    const abort = (): void => {
      const waiter = this.#waiters.get(id);
      if (onAbort === undefined || waiter === undefined) return;
      if (this.#toOtherThreads) {
        waiter.isGivenUp = true;
        waiter.reject(new SipError('SIP_ABORTED', 'The signal was aborted.'));
      }
      try {
        send(onAbort(id));
      } catch (error) {
        if (!(error instanceof SipError)) throw error; // its shard is gone, and knows of nothing
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      send(make(id));
      return await result;
    } finally {
      if (this.#waiters.get(id)?.isGivenUp !== true) this.#waiters.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Who hears of provisional responses to this command, unless it is given up before they are told. */
  listenerOf(id: number): InviteOptions['onProvisional'] {
    const waiter = this.#waiters.get(id);
    const { onProvisional } = waiter ?? {};
    if (waiter === undefined || onProvisional === undefined) return undefined;
    return (response, dialog) => {
      if (!waiter.isGivenUp) onProvisional(response, dialog);
    };
  }

  /** A command has ended. Gives false where it was given up meanwhile. */
  settle(id: number, failure: CommandFailure | undefined, value: ResultValue): boolean {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (waiter?.isGivenUp) return false;
    if (failure === undefined) waiter?.resolve(value);
    else waiter?.reject(errorOf(failure));
    return true;
  }

  /** Nobody will answer any more: of one shard, or of all. */
  rejectAll(error: SipError, shard?: number): void {
    for (const [id, waiter] of this.#waiters) {
      if (shard !== undefined && waiter.shard !== shard) continue;
      this.#waiters.delete(id);
      waiter.reject(error);
    }
  }

  /** From the first to the last, and then again. */
  #newId(): number {
    do this.#id = this.#id === this.#lastId ? this.#firstId : this.#id + 1;
    while (this.#waiters.has(this.#id));
    return this.#id;
  }
}

function errorOf(failure: CommandFailure): SipError {
  const { response, origin = 'local', cause } = failure;
  if (failure.code === 'SIP_USAGE') return new UsageError(failure.message);
  const began = cause && new FailureResponseError(cause, 'intermediary');
  if (response === undefined) return new SipError(failure.code, failure.message, began && { cause: began });
  return new FailureResponseError(response, origin, began);
}
