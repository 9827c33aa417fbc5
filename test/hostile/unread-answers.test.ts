import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectionsHeldMax } from '../../transport/limits.ts';
import { hosts, onBattlefield, until } from './battlefield.ts';
import { optionsRequest } from './options-request.ts';

const test = suite('Peers that ask and read no answer, while routes die and dialogs heal');

test('what they leave unread is bounded, for each and for all of them; dialogs keep their connections', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
    const before = await field.near.counters();
    const attack = await field.attack({
      kind: 'connections',
      count: 60,
      messages: [optionsRequest(`${'x'.repeat(4_000)}$N`)],
      reads: false,
      floods: true,
      again: true,
    });
    let [largest, most] = [0, 0];
    const watch = setInterval(() => {
      largest = Math.max(largest, process.memoryUsage().rss);
    }, 20);
    const startSize = process.memoryUsage().rss;
    await field.rollRoutes();
    await until('connections are given up', async () => {
      const { closedCongested, closedOverloaded } = await field.countersSince(before);
      most = closedCongested + closedOverloaded;
      return most >= 10;
    });
    clearInterval(watch);
    const { sentSize } = await attack.stop();
    await field.verify();
    assert.ok(sentSize > connectionsHeldMax, `${sentSize} octets were sent`);
    // What connections hold, its copies on the way through, and what V8 has not collected yet.
    assert.ok(largest - startSize < 4 * connectionsHeldMax, `${largest - startSize} octets at most`);
    const told = field.reports.filter(({ counter }) => counter === 'closedCongested' || counter === 'closedOverloaded');
    assert.ok(told.length > 0);
    for (const { source } of told)
      assert.ok(
        hosts.attackers.some((host) => host === source?.host),
        source?.host,
      );
  }));

test.run();
