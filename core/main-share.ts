import type { DialogId } from './dialog/table.ts';
import type { Command } from './engine/command.ts';
import type { EngineEvent } from './engine/event.ts';
import { ownCommandIdMin } from './pending-commands.ts';

/**
 * What of a shard's events is the main thread's, where the application runs in the shard: what comes of its commands, and the ends of the
 * dialogs that these have brought.
 */
export class MainShare {
  readonly #dialogs = new Set<DialogId>();
  /** Dialogs that are being handed over, by the ids of the commands. */
  readonly #releases = new Map<number, DialogId>();

  /** The main thread has given a command. */
  asked(command: Command): void {
    if (command.name === 'export' && command.release) this.#releases.set(command.id, command.dialog);
  }

  /** Whether an event comes of a command of the main thread's: all others are the application's. */
  isAnswer(event: EngineEvent): boolean {
    return 'id' in event && event.id < ownCommandIdMin;
  }

  /** Takes out of a step's events, in their order, those that the main thread is to hear. */
  of(events: readonly EngineEvent[]): EngineEvent[] {
    return events.filter((event) => {
      if (event.kind === 'ended') return this.#dialogs.delete(event.dialog.id);
      if (!this.isAnswer(event)) return false;
      this.#note(event);
      return true;
    });
  }

  #note(event: EngineEvent): void {
    if (event.kind === 'fork') this.#dialogs.add(event.dialog.id);
    if (event.kind !== 'result') return;
    if (event.value.dialog !== undefined) this.#dialogs.add(event.value.dialog.id);
    const released = this.#releases.get(event.id);
    if (released === undefined) return;
    this.#releases.delete(event.id);
    if (event.failure === undefined) this.#dialogs.delete(released);
  }
}
