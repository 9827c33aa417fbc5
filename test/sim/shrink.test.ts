import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plan } from './plan.ts';
import { shrink } from './shrink.ts';
import { toy } from './toy.ts';

const test = suite('Making a plan small');

const limits = { runsMax: 1000, msMax: 60_000, nowMs: () => 0 };
const seed7 = toy.planOf(7);

/** A rule that needs two acts, a fault and a habit, far apart. */
async function isPlanted({ acts, faults, cast }: Plan): Promise<boolean> {
  const has = (dice: number): boolean => acts.some((act) => act.what !== 'invite' && act.dice === dice);
  const knows = cast.far.kind === 'model' && cast.far.habits.includes('glares');
  return has(2) && has(17) && faults.some(({ kind }) => kind === 'hop-dies') && knows;
}

test('leaves what the planted rule needs, and nothing else', async () => {
  const { plan, runs } = await shrink(seed7, isPlanted, Number.POSITIVE_INFINITY, limits);
  assert.equal(
    plan.acts.map(({ dice }) => dice),
    [2, 17],
  );
  assert.equal(
    plan.faults.map(({ kind }) => kind),
    ['hop-dies'],
  );
  assert.equal(plan.cast.far.kind === 'model' && plan.cast.far.habits, ['glares']);
  assert.is(plan.weather.loss, 0);
  assert.is(plan.minutes, 4);
  assert.ok(runs < 100, `${runs} runs`);
});

test('keeps the weather that the rule needs', async () => {
  const fails = async ({ weather }: Plan): Promise<boolean> => weather.jitterMs > 0;
  const { plan } = await shrink(seed7, fails, Number.POSITIVE_INFINITY, limits);
  assert.equal({ ...plan.weather }, { ...seed7.weather, delayMs: 0, loss: 0 });
  assert.equal([plan.acts, plan.faults, plan.minutes], [[], [], 1]);
});

test('leaves out at once what comes after the violation', async () => {
  const sizes: number[] = [];
  const fails = async (plan: Plan): Promise<boolean> => {
    sizes.push(plan.acts.length);
    return isPlanted(plan);
  };
  await shrink(seed7, fails, 180_000, limits);
  assert.is(sizes[0], seed7.acts.filter(({ atMs }) => atMs <= 180_000).length);
});

test('stops after so many runs, or so long, with what it has by then', async () => {
  const few = await shrink(seed7, isPlanted, Number.POSITIVE_INFINITY, { ...limits, runsMax: 6 });
  assert.is(few.runs, 6);
  assert.ok(await isPlanted(few.plan));
  let nowMs = 0;
  const short = await shrink(seed7, isPlanted, Number.POSITIVE_INFINITY, {
    ...limits,
    msMax: 10,
    nowMs: () => nowMs++,
  });
  assert.ok(short.runs <= 10);
  assert.ok(await isPlanted(short.plan));
});

test('changes nothing where everything is needed', async () => {
  const { plan } = await shrink(seed7, async () => false, Number.POSITIVE_INFINITY, limits);
  assert.is(plan, seed7);
});

test.run();
