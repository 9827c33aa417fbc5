import { endpointKey } from './address.ts';
import type { Address, FlowId } from './contract.ts';
import { flowGenerationMax, flowIndexMax, shardMax } from './limits.ts';

/*
 * A flow id:   29     25 24               8 7          0
 *             | shard   | index            | generation |
 *
 * The generation changes each time an index is given to another flow, and indices are reused in the order in which they
 * were freed, the unused ones first: a late use of a lost flow is told from its successor until the index has been freed
 * 255 times.
 */

/** Packs a flow id. The parts are in range: shard 0–31, index 0–131071, generation 1–255. */
export function packFlowId(shard: number, index: number, generation: number): FlowId {
  return ((shard << 25) | (index << 8) | generation) as FlowId;
}

/** The shard that owns a flow. */
export function flowShard(id: FlowId): number {
  return id >>> 25;
}

export function flowIndex(id: FlowId): number {
  return (id >>> 8) & (flowIndexMax - 1);
}

export function flowGeneration(id: FlowId): number {
  return id & flowGenerationMax;
}

/** One remote and its id. `Link` is what a transport sends through when the flow has something of its own. */
export class Flow<Link> {
  readonly id: FlowId;
  readonly key: string;
  readonly remote: Address;
  /** Asked for by `openFlow`: never evicted. */
  held = false;
  link: Link | undefined = undefined;
  /** Neighbours among the strangers in order of last use; the table's own. */
  older: Flow<Link> | undefined = undefined;
  newer: Flow<Link> | undefined = undefined;

  constructor(id: FlowId, key: string, remote: Address) {
    this.id = id;
    this.key = key;
    this.remote = remote;
  }
}

/**
 * The flows of one datagram transport: found by id and by remote, never more than `count`.
 *
 * A flow begins as a stranger's; `hold` makes it ours. Strangers are kept in order of last use, so that the idlest is
 * known when a place is needed.
 */
export class FlowTable<Link> {
  readonly #shard: number;
  readonly #first: number;
  readonly #max: number;
  readonly #byRemote = new Map<string, Flow<Link>>();
  /** Columns by index less `first`; they grow with the indices that were ever used. */
  readonly #flows: (Flow<Link> | undefined)[] = [];
  #generations = new Uint8Array(16);
  #nextFree = new Int32Array(16);
  #firstFree = -1;
  #lastFree = -1;
  #oldest: Flow<Link> | undefined;
  #newest: Flow<Link> | undefined;

  constructor(options: { readonly shard: number; readonly first?: number; readonly count?: number }) {
    const { shard, first = 0, count = flowIndexMax - first } = options;
    if (!(Number.isInteger(shard) && shard >= 0 && shard < shardMax)) throw new RangeError(`no such shard: ${shard}`);
    if (
      !(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count > 0 && first + count <= flowIndexMax)
    )
      throw new RangeError(`flow indices ${first} to ${first + count} are not in 0 to ${flowIndexMax}`);
    this.#shard = shard;
    this.#first = first;
    this.#max = count;
  }

  get count(): number {
    return this.#byRemote.size;
  }

  get full(): boolean {
    return this.#byRemote.size >= this.#max;
  }

  /** The stranger that was used longest ago; undefined when there is none. */
  get idlest(): Flow<Link> | undefined {
    return this.#oldest;
  }

  /** The flow with this id; undefined when it is gone, whoever has its index now. */
  get(id: FlowId): Flow<Link> | undefined {
    const flow = this.#flows[flowIndex(id) - this.#first];
    return flow?.id === id ? flow : undefined;
  }

  /** The flow to a remote, by its `endpointKey`. */
  find(key: string): Flow<Link> | undefined {
    return this.#byRemote.get(key);
  }

  /** A new flow, a stranger's so far. The table is not full and has no flow to that remote. */
  add(remote: Address): Flow<Link> {
    const slot = this.#takeSlot();
    const generation = ((this.#generations[slot] ?? 0) % flowGenerationMax) + 1;
    this.#generations[slot] = generation;
    const key = endpointKey(remote.host, remote.port);
    const flow = new Flow<Link>(packFlowId(this.#shard, this.#first + slot, generation), key, remote);
    this.#flows[slot] = flow;
    this.#byRemote.set(key, flow);
    this.#append(flow);
    return flow;
  }

  /** Makes a flow ours: it stays until it is removed. */
  hold(flow: Flow<Link>): void {
    if (flow.held) return;
    this.#unlink(flow);
    flow.held = true;
  }

  /** Notes that a flow is in use. */
  touch(flow: Flow<Link>): void {
    if (flow.held || flow === this.#newest) return;
    this.#unlink(flow);
    this.#append(flow);
  }

  /** Ends a flow: its id is void from now on. */
  remove(flow: Flow<Link>): void {
    const slot = flowIndex(flow.id) - this.#first;
    if (this.#flows[slot] !== flow) return;
    if (!flow.held) this.#unlink(flow);
    this.#flows[slot] = undefined;
    this.#byRemote.delete(flow.key);
    this.#nextFree[slot] = -1;
    if (this.#lastFree < 0) this.#firstFree = slot;
    else this.#nextFree[this.#lastFree] = slot;
    this.#lastFree = slot;
  }

  #takeSlot(): number {
    const fresh = this.#flows.length;
    if (fresh < this.#max) {
      if (fresh >= this.#generations.length) this.#grow();
      return fresh;
    }
    const slot = this.#firstFree;
    this.#firstFree = this.#nextFree[slot] ?? -1;
    if (this.#firstFree < 0) this.#lastFree = -1;
    return slot;
  }

  #grow(): void {
    const generations = new Uint8Array(this.#generations.length * 2);
    generations.set(this.#generations);
    this.#generations = generations;
    const nextFree = new Int32Array(this.#nextFree.length * 2);
    nextFree.set(this.#nextFree);
    this.#nextFree = nextFree;
  }

  #append(flow: Flow<Link>): void {
    flow.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = flow;
    else this.#newest.newer = flow;
    this.#newest = flow;
  }

  #unlink(flow: Flow<Link>): void {
    if (flow.older === undefined) this.#oldest = flow.newer;
    else flow.older.newer = flow.newer;
    if (flow.newer === undefined) this.#newest = flow.older;
    else flow.newer.older = flow.older;
    flow.older = undefined;
    flow.newer = undefined;
  }
}
