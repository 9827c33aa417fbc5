import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Scene } from '../../../bench/heal/scene.ts';

const test = suite('The scene of heals without sockets');

test('each storm breaks every dialog of a hop, and heals it', () => {
  const scene = new Scene(100);
  assert.is(scene.establish(), 100);
  const first = scene.storm();
  assert.ok(first.broken > 0);
  assert.is(first.healed, first.broken);
  for (let round = 0; round < 3; round++) {
    const { broken, healed } = scene.storm();
    assert.equal([broken, healed], [100, 100]);
  }
  assert.ok(scene.farEndMs() >= 0);
});

test.run();
