import type { Address, RandomSource } from '../contract.ts';
import { emptyAddress, setAddress } from '../edge/address-octets.ts';
import { keyOfEntry } from '../edge/client-entry.ts';
import { Clients } from '../edge/clients.ts';
import type { EdgeCommand } from '../edge/command.ts';
import type { EdgeCounters } from '../edge/counters.ts';
import { Edge } from '../edge/edge.ts';
import type { EdgeNews } from '../edge/event.ts';
import { UsageError } from '../errors.ts';
import { type Clock, type InlineShard, startInline, type Transport } from './inline.ts';

/** What an edge in this thread is made of. */
export interface EdgeShardOptions {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly clients: readonly string[];
  readonly defaultTarget: Address | undefined;
  /** Whether somebody hears what is refused. */
  readonly reportsRefusals: boolean;
  readonly onEvents: (events: readonly EdgeNews[]) => void;
  readonly onWarning: (message: string) => void;
}

/** An edge that runs in this thread. */
export interface EdgeShard {
  readonly shard: InlineShard<EdgeCommand>;
  /** The edge's own: they go on counting. */
  readonly counters: Readonly<EdgeCounters>;
}

/**
 * Opens the transports and drives an edge beside them.
 *
 * @throws UsageError when an address is not numeric; TransportError when a socket cannot be opened
 */
export async function startEdge(options: EdgeShardOptions): Promise<EdgeShard> {
  const { transports, clock, random, clients, defaultTarget, reportsRefusals, onEvents, onWarning } = options;
  checkClients(clients);
  if (defaultTarget !== undefined && !setAddress(emptyAddress(), defaultTarget)) {
    throw new UsageError(`defaultTarget: ${defaultTarget.host} is no numeric address: names are not looked up.`);
  }
  let edge: Edge | undefined;
  const shard = await startInline<EdgeCommand, EdgeNews>({
    transports,
    clock,
    shard: 0,
    make: (locals) => {
      edge = new Edge({ locals, clients, defaultTarget, random, reportsRefusals });
      return edge;
    },
    onEvents,
    onWarning,
  });
  if (edge === undefined) throw new Error('a shard was started without its edge');
  return { shard, counters: edge.counters };
}

/** @throws UsageError that names the entry which is no numeric address */
export function checkClients(clients: readonly string[]): void {
  new Clients(clients);
}

/** The same for one client. */
export function checkClient(client: string): void {
  keyOfEntry(client, 'client');
}
