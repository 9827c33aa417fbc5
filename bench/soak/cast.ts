import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Child } from '../child.ts';
import { Child as EdgeChild } from '../route-death/child.ts';
import { nowMs } from '../route-death/clock.ts';
import type { EdgeSettings, Endpoint } from '../route-death/messages.ts';
import { uriOf } from '../route-death/network.ts';
import type { EndOrder, EndReport, EndSettings } from './messages.ts';
import type { BreakKind } from './plan.ts';
import { lifetimeMsOf, type Scenario } from './scenario.ts';

export type EndChild = Child<EndOrder, EndReport>;

interface EdgePlace {
  readonly settings: EdgeSettings;
  child: EdgeChild;
}

/** One arena, and bounds that do not move by themselves: what glibc keeps of freed memory then depends less on chance. */
const environment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** A young generation that has its full size from the start, 16 MB a half: it would come to that in the first storms, and shrink again. */
const isolateFlags = ['--expose-gc', '--min-semi-space-size=16'] as const;

/** Everybody, each a process of its own: two stacks that call each other, and two edges between them. */
export class Cast {
  readonly near: EndChild;
  readonly far: EndChild;
  /** Where the far end is called. */
  readonly target: Endpoint;
  readonly #edges: readonly [EdgePlace, EdgePlace];
  readonly #death: (how: string) => void;

  private constructor(
    near: EndChild,
    far: EndChild,
    target: Endpoint,
    edges: readonly [EdgePlace, EdgePlace],
    death: (how: string) => void,
  ) {
    this.near = near;
    this.far = far;
    this.target = target;
    this.#edges = edges;
    this.#death = death;
  }

  /** Starts everybody. `death` hears of a process that died without being told to. */
  static async start(scenario: Scenario, death: (how: string) => void): Promise<Cast> {
    const { transport, shards, dialogs, callsPerSecond, seed, leakBytesPerCall } = scenario;
    const settings: EndSettings = {
      ...{ transport, shards, dialogs, callsPerSecond, seed, leakBytesPerCall },
      lifetimeMs: lifetimeMsOf(scenario),
    };
    const preload = pathToFileURL(join(import.meta.dirname, 'isolate.js')).href;
    const near = await startEnd(settings, [...isolateFlags, '--import', preload]);
    const far = await startEnd({ ...settings, shards: 0, leakBytesPerCall: 0, seed: seed + 1 });
    for (const { child } of [near, far]) child.onDeath(death);
    const clients = [near.local, far.local].map(({ host, port }) => `${host}:${port}`);
    const edges = [await startEdge({ transport, clients, port: 0 }), await startEdge({ transport, clients, port: 0 })];
    const cast = new Cast(near.child, far.child, far.local, edges as [EdgePlace, EdgePlace], death);
    for (const { child } of edges) cast.#watch(child);
    cast.#guard();
    return cast;
  }

  /** URIs of the edges. */
  get hops(): readonly [string, string] {
    return this.#edges.map(({ settings, child }) => uriOf(settings.transport, child.local)) as [string, string];
  }

  /** Breaks an edge; gives the instant at which it was told to. */
  async break(kind: BreakKind, edge: 0 | 1): Promise<number> {
    const { child } = this.#edges[edge];
    const atMs = nowMs();
    switch (kind) {
      case 'dead-hop':
        await child.end();
        break;
      case 'silent-hop':
        child.signal('SIGSTOP');
        break;
      case 'lost-state':
        await child.ask({ order: 'lose-memory' }, 'lost');
        break;
      case 'flow-lost':
        await child.ask({ order: 'lose-connections' }, 'lost');
        break;
      case 'partition':
        await child.ask({ order: 'cut', ports: [this.target.port] }, 'lost');
        break;
    }
    return atMs;
  }

  /** Mends what was broken: the edge works again, where it was. */
  async mend(kind: BreakKind, edge: 0 | 1): Promise<void> {
    const place = this.#edges[edge];
    switch (kind) {
      case 'dead-hop':
        place.child = await EdgeChild.start('edge', place.settings);
        this.#watch(place.child);
        this.#guard();
        break;
      case 'silent-hop':
        place.child.signal('SIGCONT');
        break;
      case 'partition':
        await place.child.ask({ order: 'cut', ports: [] }, 'lost');
        break;
      case 'lost-state':
      case 'flow-lost':
        break;
    }
  }

  /** Ends everybody who is left. */
  async end(): Promise<void> {
    await Promise.all([this.near.end(), this.far.end(), ...this.#edges.map(({ child }) => child.end())]);
  }

  #watch(edge: EdgeChild): void {
    edge.onDeath((how) => this.#death(`an edge died: ${how}`));
  }

  /** A stopped edge does not see that the main process has died: the other one ends it then. */
  #guard(): void {
    const [a, b] = this.#edges;
    a.child.tell({ order: 'guard', pids: [b.child.pid] });
    b.child.tell({ order: 'guard', pids: [a.child.pid] });
  }
}

async function startEnd(
  settings: EndSettings,
  execArgv: readonly string[] = [],
): Promise<{ readonly child: EndChild; readonly local: Endpoint }> {
  const { child, ready } = await Child.start<EndOrder, EndReport>('soak/end-process', settings, execArgv, environment);
  if (ready.report !== 'ready') throw new Error('an end reports no start');
  return { child, local: ready.local };
}

/** The port that it gets is the one that it is started on again. */
async function startEdge(settings: EdgeSettings): Promise<EdgePlace> {
  const child = await EdgeChild.start('edge', settings);
  return { settings: { ...settings, port: child.local.port }, child };
}
