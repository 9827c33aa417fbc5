import { UsageError } from './errors.ts';
import { startInThread } from './shard/in-thread.ts';
import type { Shards, ShardsUser } from './shard/shards.ts';
import { descriptionsOf, type TransportDescription } from './shard/transport-description.ts';
import { startWorkers } from './shard/workers.ts';
import type { ToldToShard } from './shard-worker.ts';
import { Stack } from './stack.ts';
import { type ResolvedOptions, resolveOptions, type StackOptions } from './stack-options.ts';

const portMax = 65_535;

/**
 * Opens a stack: its shards, their sockets, their dialogs, and their healing.
 *
 * @throws UsageError when an option is wrong; SipError `SIP_PORT_IN_USE` or `SIP_BIND_FAILED` when a socket cannot be opened.
 */
export async function createStack(options: StackOptions): Promise<Stack> {
  const resolved = resolveOptions(options);
  const stack = new Stack(resolved);
  await stack.open((user) =>
    resolved.shardCount === 0 ? startHere(resolved, user) : startThreads(resolved, options, user, () => stack.hops),
  );
  return stack;
}

function startHere({ transports, clock, ...engine }: ResolvedOptions, user: ShardsUser): Promise<Shards> {
  return startInThread({ transports, clock, engine }, user);
}

/** `hops` gives the list of today, which a shard that is started anew begins with. */
function startThreads(
  resolved: ResolvedOptions,
  options: StackOptions,
  user: ShardsUser,
  hops: () => Stack['hops'],
): Promise<Shards> {
  const { shardCount: count, perShardPorts, takesCalls, reportsRefusals, recovery } = resolved;
  const { transports, application, clock: _clock, random: _random, ...plain } = options;
  const told = (): ToldToShard => ({
    options: { ...plain, hops: hops() },
    application: application instanceof URL ? application.href : undefined,
    takesCalls,
    reportsRefusals,
    refreshesRegistration: recovery.refreshesRegistration ?? false,
  });
  const module = new URL('./shard-worker.js', import.meta.url);
  const described = descriptionsOf(transports);
  if (perShardPorts) needPorts(described, count);
  return startWorkers({ count, perShardPorts, transports: described, module, told }, user);
}

/** @throws UsageError where a shard would have a port beyond the last */
function needPorts(transports: readonly TransportDescription[], count: number): void {
  for (const { protocol, port } of transports) {
    if (port !== 0 && port + count - 1 > portMax)
      throw new UsageError(`perShardPorts: ${protocol} port ${port} leaves no ports for ${count} shards.`);
  }
}
