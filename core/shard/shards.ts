import type { Address } from '../contract.ts';
import type { Command } from '../engine/command.ts';
import type { EngineCounters } from '../engine/counters.ts';
import type { DialogRecord } from '../engine/dialog-record.ts';
import type { EngineEvent } from '../engine/event.ts';

/** The shards of a stack, wherever they run. */
export interface Shards {
  /** How many there are: numbered from 0. */
  readonly count: number;
  /** Where the stack is reached: one for each transport, and where each shard has ports of its own, of each shard. */
  readonly locals: readonly Address[];
  /** Messages dropped for want of room, on their way in or out. */
  readonly shed: number;
  /** What the lives of each shard that are over had counted. */
  readonly formerCounters: readonly EngineCounters[];
  /** Whether a shard takes commands: not while it is being started anew. */
  isUp(shard: number): boolean;
  /** Where one shard is reached: one for each transport. */
  localsOf(shard: number): readonly Address[];
  /** The shard that a dialog belongs to which is handed over. @throws UsageError when the record does not say enough, or it is none of these */
  ownerOf(record: DialogRecord): number;
  /** Hands over a command; it is obeyed in a later turn. */
  command(shard: number, command: Command): void;
  destroy(): Promise<void>;
}

/** Hears what shards tell. */
export interface ShardsUser {
  /** The events of a step, in their order. `done` says that they have been dealt with. */
  heard(shard: number, events: readonly EngineEvent[], done: () => void): void;
  /** A shard has died with all that it had, so many dialogs, or was ended since it was busy for ever; it is being started anew. */
  lost(shard: number, reason: string, dialogs: number): void;
  /** It is up again, as it was when the stack was opened, with nothing in it. */
  begunAnew(shard: number): void;
  warning(message: string): void;
}
