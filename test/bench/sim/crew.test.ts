import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Crew, type Leader } from '../../../bench/sim/crew.ts';
import type { Order } from '../../../bench/sim/orders.ts';
import { toy, toyRule } from '../../sim/toy.ts';

const toyWorker = join(import.meta.dirname, '../../sim/toy-worker.js');
const size = { minutes: undefined, calls: undefined };

const test = suite('Crew of the simulator');

/** Gives out orders in turn, and writes down what comes back. */
function leader(orders: Order[]): Leader & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    next: () => orders.shift(),
    hear: (report) => {
      if (report.report === 'played') heard.push(`played ${report.outcome.seed}`);
      else if (report.report === 'explained') heard.push(`explained ${report.explanation.violation.rule}`);
      else if (report.report === 'refused') heard.push(`refused: ${report.why}`);
    },
    lose: (order, seed, how) => heard.push(`lost ${order.order} ${seed}: ${how}`),
  };
}

function play(from: number, to: number): Order {
  return { order: 'play', seeds: { from, to }, size, log: undefined };
}

test('carries out orders, each when the last one is done', async () => {
  const plan = toy.planOf(17);
  const lead = leader([
    play(1, 2),
    { order: 'play-plan', plan, log: undefined },
    { order: 'explain', what: { seed: 17, plan: undefined, rule: toyRule }, size },
    { order: 'plant', canary: 'none', folder: '/nowhere' },
    play(3, 3),
  ]);
  await new Crew(toyWorker, lead, 60_000).work(1);
  assert.equal(lead.heard, [
    'played 1',
    'played 2',
    'played 17',
    `explained ${toyRule}`,
    "refused: there is no canary 'none': other-seeds, comment, lost",
    'played 3',
  ]);
});

test('kills a worker that says nothing any more, and goes on with another', async () => {
  const lead = leader([play(1032, 1040), play(5, 5)]);
  await new Crew(toyWorker, lead, 3000).work(1);
  assert.equal(lead.heard, ['played 1032', 'lost play 1033: it said nothing for 3 s', 'played 5']);
});

test('is stopped where it stands', async () => {
  const lead = leader([play(1, 1_000_000)]);
  const crew = new Crew(
    toyWorker,
    {
      ...lead,
      hear: (report) => {
        lead.hear(report);
        crew.stop();
      },
    },
    60_000,
  );
  await crew.work(1);
  assert.equal(lead.heard, []);
});

test.run();
