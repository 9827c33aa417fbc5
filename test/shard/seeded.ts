import type { EngineShardOptions } from '../../core/shard/engine-shard.ts';
import { resolveOptions } from '../../core/stack-options.ts';
import { udp } from '../../transport/index.ts';
import { seeded } from '../engine/world.ts';

/** What a shard is made of that is to do the same wherever it runs. */
export interface Told {
  readonly seed: number;
}

/** An engine whose randomness comes from a seed. */
export function engineOf({ seed }: Told): EngineShardOptions['engine'] {
  const {
    transports: _transports,
    clock: _clock,
    ...engine
  } = resolveOptions({
    transports: [udp({ host: '127.0.0.1', port: 0 })],
    random: seeded(seed),
    application: { onCall: () => undefined, onRefused: () => undefined },
  });
  return engine;
}
