import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import type { Hop } from '../../core/recovery/hop.ts';
import { at, hopAt, table, weighed } from './hop-ground.ts';

const test = suite('Table of next hops');

test('a list that is set again opens and closes nothing', () => {
  const { hops, log, openAll } = table();
  hops.list(weighed(1, 2));
  openAll();
  log.length = 0;
  hops.list(weighed(2, 1));
  assert.equal(log, []);
  assert.equal(
    hops.listed.map(({ address }) => address.port),
    [2, 1],
  );
});

test('a hop that leaves the list is let go of when nothing needs it, and stays while dialogs or transactions do', () => {
  const { hops, log, openAll, used } = table();
  hops.list(weighed(1, 2, 3));
  openAll();
  hops.attach(7, hopAt(hops, 2));
  used.add(3 as FlowId);
  log.length = 0;
  hops.list([]);
  assert.equal(log, ['close 1']);
  hops.detach(7);
  used.clear();
  hops.list(weighed(4));
  assert.equal(log, ['close 1', 'open 4', 'close 2', 'close 3']);
});

test('a flow that was asked for by a hop that is gone is closed', () => {
  const { hops, log, openAll } = table();
  hops.list(weighed(1));
  hops.list([]);
  openAll();
  assert.equal(log, ['open 1', 'close 1']);
});

test('and not closed where the same hop is wanted again', () => {
  const { hops, log, openAll } = table();
  hops.list(weighed(1));
  hops.list([]);
  hops.list(weighed(1));
  openAll();
  assert.ok(!log.includes('close 1'), log.join());
  assert.is(hops.pick()?.flow, 1);
});

test('unlisted hops are bounded; idle ones make place, and a few that are busy do not stand in the way', () => {
  const { hops, openAll, log } = table();
  for (let port = 1; port <= 4096; port++) hopAt(hops, port);
  openAll();
  for (let dialog = 0; dialog < 20; dialog++) hops.attach(dialog, hopAt(hops, dialog + 1));
  log.length = 0;
  let found = 0;
  for (let port = 5001; port <= 5100; port++) if (hops.forAddress(at(port)) !== undefined) found++;
  assert.ok(found >= 97, `${found}`);
  assert.is(log.filter((line) => line.startsWith('close')).length, found);
  for (let dialog = 0; dialog < 20; dialog++) assert.is(hops.of(dialog)?.address.port, dialog + 1);
});

test('when all of them are busy there is no place for another', () => {
  const { hops, openAll, used } = table();
  for (let port = 1; port <= 4096; port++) {
    hopAt(hops, port);
    used.add(port as FlowId);
  }
  openAll();
  assert.is(hops.forAddress(at(5001)), undefined);
  used.delete(4000 as FlowId);
  let tries = 0;
  while (hops.forAddress(at(5001)) === undefined) assert.ok(++tries < 600);
});

test('dialogs hang on their hop, whichever is taken off', () => {
  const { hops, openAll } = table();
  hops.list(weighed(1, 2));
  openAll();
  const [one, two] = hops.listed;
  if (one === undefined || two === undefined) throw new Error('no hops');
  const on = (hop: Hop): number[] => {
    const dialogs: number[] = [];
    hops.eachDialog(hop, (dialog) => void dialogs.push(dialog));
    return dialogs.sort((a, b) => a - b);
  };
  for (let dialog = 0; dialog < 10; dialog++) hops.attach(dialog, one);
  for (const dialog of [9, 0, 5]) hops.detach(dialog);
  hops.detach(5);
  for (const dialog of [1, 8]) hops.attach(dialog, two);
  hops.attach(8, two);
  assert.equal(on(one), [2, 3, 4, 6, 7]);
  assert.equal(on(two), [1, 8]);
  assert.equal([one.carried, two.carried], [5, 2]);
  hops.eachDialog(one, (dialog) => hops.attach(dialog, two));
  assert.equal(on(two), [1, 2, 3, 4, 6, 7, 8]);
  for (const dialog of on(two)) hops.detach(dialog);
  assert.equal([one.carried, two.carried, one.head, two.head], [0, 0, 0, 0]);
});

test('shares by weight, smoothly, over those that are usable', () => {
  const { hops, openAll } = table();
  hops.list([
    { address: at(1), weight: 5 },
    { address: at(2), weight: 1 },
    { address: at(3), weight: 1 },
  ]);
  assert.is(hops.pick(), undefined, 'no flow yet');
  openAll();
  const picked = Array.from({ length: 7 }, () => hops.pick()?.address.port);
  assert.equal(picked, [1, 1, 2, 1, 3, 1, 1]);
  const [first] = hops.listed;
  const notFirst = (hop: Hop): boolean => hop !== first;
  assert.equal(
    [hops.pick(undefined, notFirst), hops.pick(first, notFirst), hops.pick(first)].map((hop) => hop?.address.port),
    [2, 3, 1],
  );
});

test('a hop that asked to be left alone is passed over until its time, and forgets it when it returns from the dead', () => {
  const { hops, openAll, run, log, wheel } = table();
  hops.list(weighed(1));
  openAll();
  const [hop] = hops.listed;
  if (hop === undefined) throw new Error('no hop');
  hops.hold(hop, 1000);
  hops.hold(hop, 500);
  assert.is(hops.pick(), undefined);
  run(999);
  assert.is(hops.pick(), undefined);
  log.length = 0;
  run(1);
  assert.equal(log, ['free 1']);
  assert.is(hops.pick(), hop);
  hops.hold(hop, 300_000);
  hops.attach(0, hop);
  hops.flowLost(1 as FlowId);
  openAll();
  hops.heard(1 as FlowId);
  assert.is(hops.pick(), hop);
  hops.detach(0);
  run(1000);
  assert.is(wheel.count, 0);
});

test('a lost hop that carries nothing is not held to be dead, for nobody would hear of its return', () => {
  const { hops, openAll } = table();
  hops.list(weighed(1));
  openAll();
  hops.flowLost(1 as FlowId);
  assert.is(hops.listed[0]?.state, 'up');
  openAll();
  assert.is(hops.pick()?.address.port, 1);
});

test('whoever waits for a flow is told once, that it is there or that it is not', () => {
  const { hops, opens, openAll } = table();
  const told: string[] = [];
  const hop = hopAt(hops, 1);
  for (const name of ['a', 'b']) hops.whenOpen(hop, (flow) => void told.push(`${name} ${flow}`));
  openAll();
  hops.whenOpen(hop, (flow) => void told.push(`c ${flow}`));
  const other = hopAt(hops, 2);
  hops.whenOpen(other, (flow) => void told.push(`d ${flow}`));
  for (const openId of opens.keys()) hops.openFailed(openId);
  assert.equal(told, ['a 1', 'b 1', 'c 1', 'd undefined']);
});

test('a hop without a flow that lives as far as is known gets one when nobody else can heal', () => {
  const { hops, log, opens, openAll } = table();
  hops.list(weighed(1));
  for (const openId of opens.keys()) hops.openFailed(openId);
  opens.clear();
  assert.is(hopAt(hops, 1).state, 'up', 'without dialogs nobody asks it, so that nobody would know that it is back');
  log.length = 0;
  assert.is(hops.pick(), undefined);
  assert.is(hops.pick(), undefined);
  assert.equal(log, ['open 1'], 'once');
  openAll();
  assert.equal(log.at(-1), 'returned 1', 'whoever waits for a hop hears of it');
  assert.is(hops.pick()?.address.port, 1);
});

test('a hop is up until something says otherwise, suspect until it answers or misses its probes, then probed or down until it is heard', () => {
  const { hops, openAll, run } = table();
  hops.list(weighed(1));
  openAll();
  const hop = hopAt(hops, 1);
  hops.attach(0, hop);
  assert.is(hop.state, 'up');
  run(400);
  hops.suspect(hop);
  assert.is(hop.state, 'suspect');
  assert.is(hops.pick(), hop, 'it is used still');
  hops.heard(1 as FlowId);
  assert.is(hop.state, 'up');
  run(400);
  hops.suspect(hop);
  run(1500);
  assert.is(hop.state, 'probing', 'dead, and asked');
  assert.is(hops.pick(), undefined);
  hops.flowLost(1 as FlowId);
  assert.is(hop.state, 'down', 'dead, and there is nothing to ask it by');
  openAll();
  assert.is(hop.state, 'probing');
  hops.heard(1 as FlowId);
  assert.is(hop.state, 'up');
  hops.flowLost(1 as FlowId);
  hops.detach(0);
  run(400);
  assert.is(hop.state, 'up', 'nobody asks it any more');
});

test('a hop that dies twice over is told of once', () => {
  const { hops, openAll, run, log } = table();
  hops.list(weighed(1));
  openAll();
  hops.attach(0, hopAt(hops, 1));
  run(1600);
  hops.flowLost(1 as FlowId);
  openAll();
  hops.flowLost(1 as FlowId);
  assert.equal(
    log.filter((line) => line.startsWith('lost')),
    ['lost 1 hop-silent'],
  );
});

test.run();
