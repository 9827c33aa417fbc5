import type { EngineEvent } from '../engine/event.ts';

/** What comes from a shard: the events of its engine, and what else the program is told. */
export type ShardNews = EngineEvent | { readonly kind: 'warning'; readonly message: string };

/*
 * News as they cross to the program's thread. A storm tells the route status of every dialog twice, and objects within objects are what a
 * packer is slowest at: a run of such events goes as one flat list, so many values each. All else goes as it is.
 *
 *   id  Call-ID  flags  sinceMs  cause  causeStatus  attempt  nextAttemptAtMs or null  generation
 */

type Value = number | string | null;
type Packed = ShardNews | readonly Value[];
type StatusEvent = Extract<EngineEvent, { readonly kind: 'route-status' }>;
type RouteStatus = StatusEvent['routeStatus'];
type DialogId = StatusEvent['dialog']['id'];

const valuesPerEvent = 9;
const Flag = {
  healthy: 1,
  byUs: 2,
  byPeer: 4,
  peerTold: 8,
  peerRouteRefreshed: 16,
  peerSupports: 32,
  replaced: 64,
} as const;
const causes: readonly RouteStatus['cause'][] = [undefined, 'response', 'timeout', 'flow-lost', 'hop-silent'];

/** News as they are packed, in their order. */
export function packNews(news: readonly ShardNews[]): readonly Packed[] {
  const packed: Packed[] = [];
  let run: Value[] | undefined;
  for (const each of news) {
    if (each.kind !== 'route-status') {
      packed.push(each);
      run = undefined;
      continue;
    }
    if (run === undefined) {
      run = [];
      packed.push(run);
    }
    write(each, run);
  }
  return packed;
}

/** What `packNews` was given. */
export function unpackNews(packed: readonly unknown[]): ShardNews[] {
  const news: ShardNews[] = [];
  for (const each of packed as readonly Packed[]) {
    if (!isRun(each)) news.push(each);
    else for (let at = 0; at < each.length; at += valuesPerEvent) news.push(read(each, at));
  }
  return news;
}

function write({ dialog, routeStatus }: StatusEvent, run: Value[]): void {
  const { status, sinceMs, cause, causeStatus, attempt, nextAttemptAtMs, generation } = routeStatus;
  const { healedBy, peerRouteRefreshed, peerSupportsRecovery, replaced } = routeStatus;
  const flags =
    (status === 'healthy' ? Flag.healthy : 0) |
    (healedBy === 'local' ? Flag.byUs : 0) |
    (healedBy === 'remote' ? Flag.byPeer : 0) |
    (peerRouteRefreshed === undefined ? 0 : Flag.peerTold) |
    (peerRouteRefreshed === true ? Flag.peerRouteRefreshed : 0) |
    (peerSupportsRecovery ? Flag.peerSupports : 0) |
    (replaced ? Flag.replaced : 0);
  run.push(dialog.id, dialog.callId, flags, sinceMs, causes.indexOf(cause), causeStatus ?? 0, attempt);
  run.push(nextAttemptAtMs ?? null, generation);
}

function read(run: readonly Value[], at: number): StatusEvent {
  const flags = run[at + 2] as number;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const routeStatus: RouteStatus = {
    status: has(Flag.healthy) ? 'healthy' : 'recovering',
    sinceMs: run[at + 3] as number,
    cause: causes[run[at + 4] as number],
    causeStatus: (run[at + 5] as number) || undefined,
    attempt: run[at + 6] as number,
    nextAttemptAtMs: (run[at + 7] as number | null) ?? undefined,
    generation: run[at + 8] as number,
    healedBy: has(Flag.byUs) ? 'local' : has(Flag.byPeer) ? 'remote' : undefined,
    peerRouteRefreshed: has(Flag.peerTold) ? has(Flag.peerRouteRefreshed) : undefined,
    peerSupportsRecovery: has(Flag.peerSupports),
    replaced: has(Flag.replaced),
  };
  return { kind: 'route-status', dialog: { id: run[at] as DialogId, callId: run[at + 1] as string }, routeStatus };
}

function isRun(packed: Packed): packed is readonly Value[] {
  return Array.isArray(packed);
}
