import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DialogId } from '../../core/dialog/table.ts';
import type { RouteStatus } from '../../core/recovery/route-health.ts';
import { packNews, type ShardNews, unpackNews } from '../../core/shard/news.ts';

const test = suite('News of a shard, packed');

const plain: RouteStatus = {
  status: 'recovering',
  sinceMs: 81_724.918,
  cause: 'flow-lost',
  causeStatus: undefined,
  attempt: 0,
  nextAttemptAtMs: undefined,
  generation: 0,
  healedBy: undefined,
  peerRouteRefreshed: undefined,
  peerSupportsRecovery: false,
  replaced: false,
};

function told(status: Partial<RouteStatus>, index = 0): ShardNews {
  const dialog = { id: (31 * 2 ** 48 + 2 ** 24 + index) as DialogId, callId: `a84b4c76e6671${index}@gw.example.com` };
  return { kind: 'route-status', dialog, routeStatus: { ...plain, ...status } };
}

function across(news: readonly ShardNews[]): readonly ShardNews[] {
  return unpackNews(packNews(news));
}

test('each value of a route status is as it was', () => {
  const news: ShardNews[] = [
    ...([undefined, 'response', 'timeout', 'flow-lost', 'hop-silent'] as const).map((cause) => told({ cause })),
    ...([undefined, 'local', 'remote'] as const).map((healedBy) => told({ healedBy })),
    ...[undefined, false, true].map((peerRouteRefreshed) => told({ peerRouteRefreshed })),
    told({ status: 'healthy', peerSupportsRecovery: true, replaced: true }),
    told({ cause: 'response', causeStatus: 430, attempt: 65_535, generation: 2 ** 32 - 1 }),
    told({ nextAttemptAtMs: 0 }),
    told({ sinceMs: 0, nextAttemptAtMs: 1e12 + 0.125 }),
  ];
  assert.equal(across(news), news);
});

test('order holds, whatever stands between', () => {
  const warning: ShardNews = { kind: 'warning', message: 'something' };
  const ended: ShardNews = { kind: 'forks-over', id: 7 };
  const news = [told({}, 1), told({}, 2), warning, told({}, 3), ended, ended, told({ status: 'healthy' }, 1)];
  assert.equal(across(news), news);
  assert.equal(across([]), []);
});

test('a run of them is one flat list', () => {
  const packed = packNews([told({}, 1), told({}, 2), told({}, 3)]);
  assert.is(packed.length, 1);
  assert.ok(Array.isArray(packed[0]));
});

test.run();
