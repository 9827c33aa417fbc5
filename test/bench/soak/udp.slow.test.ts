import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soak } from './soaks.ts';

const test = suite('Soak over UDP');

test('each kind of break is healed at both ends, while calls come and go', async () => {
  const { results, page, picture } = await soak(['--minutes', '0.3', '--breaks', '4', '--shards', '2']);
  assert.equal(results.breaks.map(({ kind }) => kind).sort(), ['dead-hop', 'lost-state', 'partition', 'silent-hop']);
  assert.is(results.rss.verdict, 'too-short');
  assert.match(page, 'Memory of the stack');
  assert.match(picture, /^<svg .*<polyline .*<\/svg>\n$/s);
  const [first, last] = [results.samples[0], results.samples.at(-1)];
  assert.ok((last?.calls ?? 0) > (first?.calls ?? 0));
  assert.ok((last?.heapSize ?? 0) > 1_000_000 && (last?.rssSize ?? 0) > 1_000_000);
});

test.run();
