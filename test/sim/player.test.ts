import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noException, Player, planIn } from './player.ts';
import { toy, toyRule } from './toy.ts';

const test = suite('Player of seeds');

const size = { minutes: undefined, calls: undefined };
const player = new Player(toy);

test('explains what a seed breaks: the least plan, in lines, and the messages that lead to it', async () => {
  let runs = 0;
  const explained = await player.explain({ seed: 7, plan: undefined, rule: toyRule }, size, () => runs++);
  assert.ok(explained);
  assert.is(explained.runs, runs);
  assert.is(explained.violation.atMs, 50_000);
  assert.equal(explained.lines, [
    'seed 7, 1 minutes; 1 acts, 1 faults',
    'near    ours, protocol udp, mode maximum, passive false, trust hops, replaces false, probeIntervalMs 375, sessionIntervalS 0, schedule doubling, registration none, driftPpm 0',
    'far     model, protocol udp, habits none, sessionIntervalS 0',
    'hops    edge, proxy',
    'weather delayMs 0, jitterMs 0, loss 0, duplication 0, reordering 0, cutting 0, truncation 0',
    '    40.000 s  hop-dies hop 1, forMs 5000',
    '    50.000 s  near bye, pick 0.5, dice 4',
  ]);
  assert.is(explained.ladder.split('\n').length, 2);
});

test('explains a plan as it stands', async () => {
  const plan = { ...toy.planOf(17), minutes: 3 };
  const explained = await player.explain({ seed: 17, plan, rule: toyRule }, size, () => {});
  assert.is(explained?.violation.rule, toyRule);
});

test('has nothing to explain where the rule holds', async () => {
  assert.is(await player.explain({ seed: 8, plan: undefined, rule: toyRule }, size, () => {}), undefined);
});

test('makes a violation of an exception', async () => {
  const { violations } = await player.play(toy.planOf(1013));
  assert.equal(
    violations.map(({ rule }) => rule),
    [noException],
  );
});

test('takes a plan that a file held as it would make it, and nothing else', () => {
  const plan = toy.planOf(4);
  assert.equal(planIn(JSON.parse(JSON.stringify(plan))), plan);
  for (const part of ['seed', 'minutes', 'cast', 'weather', 'acts', 'faults'])
    assert.throws(() => planIn({ ...plan, [part]: undefined }), /no plan/);
  assert.throws(() => planIn({}), /no plan/);
});

test.run();
