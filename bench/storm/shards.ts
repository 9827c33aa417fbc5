import type { StackOptions } from '../../core/index.ts';

/** How a stack is spread over threads. */
export interface Spread {
  readonly shards: number;
  readonly perShardPorts: boolean;
}

/** Why a stack cannot be spread so; undefined when it can. */
export function faultOfSpread({ shards, perShardPorts }: Spread): string | undefined {
  return perShardPorts && shards === 0 ? '--per-shard-ports needs --shards.' : undefined;
}

/** What `createStack` is told of it. */
export function spreadOptions({ shards, perShardPorts }: Spread): Partial<StackOptions> {
  return { shards, perShardPorts };
}
