import type { Command } from '../engine/command.ts';
import type { DialogRecord } from '../engine/dialog-record.ts';
import { type EngineShardOptions, startEngine } from './engine-shard.ts';
import type { InlineShard } from './inline.ts';
import type { Shards, ShardsUser } from './shards.ts';

/** Starts a stack's only shard, in this thread. @throws TransportError when a socket cannot be opened. */
export async function startInThread(
  options: Omit<EngineShardOptions, 'shard' | 'onEvents' | 'onWarning'>,
  user: ShardsUser,
): Promise<Shards> {
  const shard = await startEngine({
    ...options,
    shard: 0,
    onEvents: (events) => user.heard(0, events, () => {}),
    onWarning: (message) => user.warning(message),
  });
  return new OnlyShard(shard);
}

/** One shard of this thread as all that a stack has. */
export class OnlyShard implements Shards {
  readonly count = 1;
  readonly formerCounters: Shards['formerCounters'] = [];
  readonly #shard: InlineShard<Command>;
  readonly #needOwn: (record: DialogRecord) => void;

  /** `needOwn` throws where a dialog is another shard's. */
  constructor(shard: InlineShard<Command>, needOwn: (record: DialogRecord) => void = () => {}) {
    this.#shard = shard;
    this.#needOwn = needOwn;
  }

  get locals(): Shards['locals'] {
    return this.#shard.locals;
  }

  get shed(): number {
    return this.#shard.shed;
  }

  isUp(): boolean {
    return true;
  }

  localsOf(): Shards['locals'] {
    return this.#shard.locals;
  }

  ownerOf(record: DialogRecord): number {
    this.#needOwn(record);
    return 0;
  }

  command(_shard: number, command: Command): void {
    this.#shard.command(command);
  }

  destroy(): Promise<void> {
    return this.#shard.destroy();
  }
}
