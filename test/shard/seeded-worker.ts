import type { Address } from '../../core/contract.ts';
import { type ShardPlan, WorkerShard } from '../../core/shard/worker-shard.ts';
import type { WorkerTasks } from '../../core/shard/workers.ts';
import { engineOf, type Told } from './seeded.ts';

/* A worker whose randomness comes from a seed, so that its shard does the same as one in the thread of the test. */

type Tasks = WorkerTasks<Told>;

let shard: WorkerShard | undefined;

export const start: Tasks['start'] = async ({
  plan,
  told,
}: {
  readonly plan: ShardPlan;
  readonly told: Told;
}): Promise<readonly Address[]> => {
  shard = await WorkerShard.start(plan, engineOf(told));
  return shard.locals;
};

export const connect: Tasks['connect'] = () => undefined;

export const disconnect: Tasks['disconnect'] = () => undefined;

export const stop: Tasks['stop'] = async () => shard?.destroy();

export const live: Tasks['live'] = () => new Promise<never>(() => {});
