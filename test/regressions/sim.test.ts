import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { regressionsFolder } from '../fuzz/kept-input.ts';
import type { Plan } from '../sim/plan.ts';
import { playPlan } from '../sim/run.ts';

/** What the simulator found once: the plan of its seed, as small as it got. */
interface Finding {
  readonly seed: number;
  /** The rule that was broken. */
  readonly rule: string;
  /** Symptom and cause. */
  readonly found: string;
  readonly plan: Plan;
}

const test = suite('Simulated worlds that broke a rule once');

const folder = join(regressionsFolder, 'sim');

for (const name of readdirSync(folder).sort()) {
  const { seed, rule, plan } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Finding;
  test(`${name} (seed ${seed}, ${rule})`, async () => {
    const { violations } = await playPlan(plan);
    assert.equal(violations, []);
  });
}

test.run();
