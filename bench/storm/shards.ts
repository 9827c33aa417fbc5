import type { StackOptions } from '../../core/index.ts';

/** How a stack is spread over threads. */
export interface Spread {
  readonly shards: number;
  readonly perShardPorts: boolean;
}

/** Why a stack cannot be spread so; undefined when it can. */
export function faultOfSpread({ shards, perShardPorts }: Spread): string | undefined {
  if (shards !== 0) return '--shards is 0: a stack has no shards in threads of their own yet.';
  return perShardPorts ? '--per-shard-ports needs --shards.' : undefined;
}

/** What `createStack` is told of it. */
export function spreadOptions(_spread: Spread): Partial<StackOptions> {
  return {};
}
