import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plan } from './plan.ts';
import { planOf } from './plan-of.ts';
import { playPlan } from './run.ts';

const test = suite('A simulated world');

async function logOf(plan: Plan): Promise<string[]> {
  const lines: string[] = [];
  await playPlan(plan, { log: (line) => lines.push(line) });
  return lines;
}

test('a seed makes at least 20 calls and 10 faults in 30 minutes', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { acts, faults, minutes } = planOf(seed);
    assert.ok(acts.filter(({ what }) => what === 'invite').length >= 20, `seed ${seed}`);
    assert.ok(faults.length >= 10 && minutes >= 30, `seed ${seed}`);
    assert.is(new Set(acts.map(({ dice }) => dice)).size, acts.length, `seed ${seed}: acts share their dice`);
  }
});

test('a seed makes the same plan each time, and a file can hold it', () => {
  const plan = planOf(1);
  assert.equal(planOf(1), plan);
  assert.equal(JSON.parse(JSON.stringify(plan)), plan);
  assert.equal(planOf(1, { minutes: 30 }), plan);
});

test('what is left out of a plan changes nothing before its time', async () => {
  const plan = planOf(2, { minutes: 10, calls: 8 });
  const whole = await logOf(plan);
  for (const part of ['acts', 'faults'] as const) {
    const sorted = [...plan[part]].sort((one, other) => one.atMs - other.atMs);
    const left = sorted[Math.floor(sorted.length / 2)];
    assert.ok(left);
    const lines = await logOf({ ...plan, [part]: plan[part].filter((each) => each !== left) });
    const before = (log: string[]): string[] => log.filter((line) => Number.parseInt(line, 10) < left.atMs);
    assert.ok(before(whole).length > 100);
    assert.equal(before(lines), before(whole));
    assert.not.equal(lines, whole);
  }
});

test('the same seed gives the same log twice', async () => {
  const plan = planOf(1, { minutes: 10, calls: 8 });
  const [once, again] = [await logOf(plan), await logOf(plan)];
  assert.ok(once.length > 100);
  assert.equal(again, once);
});

test('a plan of which half is cut out still plays to its end', async () => {
  const { acts, faults, ...rest } = planOf(2, { minutes: 10, calls: 8 });
  const half = <T>(list: readonly T[]): T[] => list.filter((_each, index) => index % 2 === 0);
  const lines = await logOf({ ...rest, acts: half(acts), faults: half(faults) });
  assert.match(lines.at(-1) ?? '', '"kind":"closed"');
});

test.run();
