import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noCounts, type RefusalCounter } from '../../core/engine/counters.ts';
import { refusalIntervalMs, refusalSourcesMax } from '../../core/engine/limits.ts';
import { type RefusalReport, Refusals } from '../../core/engine/refusals.ts';

const test = suite('Reports of what is refused');

function reporting() {
  const counters = noCounts();
  const told: string[] = [];
  const report = ({ counter, reason, source, count }: RefusalReport): void =>
    void told.push(
      `${counter} ${source === undefined ? 'others' : `${source.host}:${source.port}`} ${count} ${reason}`,
    );
  return { counters, told, refusals: new Refusals<RefusalCounter>(counters, report) };
}

function from(index: number, port = 5060) {
  return { protocol: 'udp', host: `10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`, port };
}

test('the first of a counter and host is told at once, what follows after 10 s, with the newest reason and port', () => {
  const { counters, told, refusals } = reporting();
  refusals.advance(1000);
  refusals.count('refused481', 'one', from(1));
  assert.equal(told, ['refused481 10.0.0.1:5060 1 one']);
  refusals.count('refused481', 'two', from(1, 5061));
  refusals.count('refused481', 'three', from(1, 5062));
  refusals.count('refused400', 'bad', from(1));
  assert.equal(told.slice(1), ['refused400 10.0.0.1:5060 1 bad']);
  assert.is(refusals.wakeAtMs, 1000 + refusalIntervalMs);
  refusals.advance(1000 + refusalIntervalMs);
  assert.equal(told.slice(2), ['refused481 10.0.0.1:5062 2 three']);
  assert.is(counters.refused481, 3);
  assert.is(counters.refused400, 1);
});

test('after an interval without any it is silent, and the next one is a first again', () => {
  const { told, refusals } = reporting();
  refusals.count('droppedAcks', 'x', from(1));
  refusals.advance(refusalIntervalMs);
  assert.is(refusals.wakeAtMs, undefined);
  refusals.count('droppedAcks', 'x', from(1));
  assert.equal(told, Array(2).fill('droppedAcks 10.0.0.1:5060 1 x'));
});

test('of more hosts than are told one by one the rest is added up by counter', () => {
  const { told, refusals } = reporting();
  for (let host = 0; host < 1000; host++) {
    refusals.count('refused481', 'x', from(host));
    refusals.count('droppedMalformed', 'y', from(host));
  }
  assert.is(told.length, refusalSourcesMax);
  told.length = 0;
  refusals.advance(refusalIntervalMs);
  const each = 1000 - refusalSourcesMax / 2;
  assert.equal(told, [`refused481 others ${each} x`, `droppedMalformed others ${each} y`]);
});

test('whatever comes, reports stay few: 200 in 10 s', () => {
  const { told, refusals } = reporting();
  const counters = ['refused400', 'refused481', 'droppedResponses', 'dropped430', 'droppedAcks'] as const;
  let most = 0;
  for (let ms = 0; ms < 10 * refusalIntervalMs; ms += 100) {
    refusals.advance(ms);
    if (ms % refusalIntervalMs === 0) {
      most = Math.max(most, told.length);
      told.length = 0;
    }
    for (let index = 0; index < 500; index++)
      refusals.count(counters[index % 5] ?? 'refused400', 'x', from(ms * 7 + index));
  }
  assert.ok(most < 200, `${most} reports`);
});

test('what comes from nobody knows where is told without a source', () => {
  const { told, refusals } = reporting();
  refusals.count('closedIdle', 'x', undefined);
  assert.equal(told, ['closedIdle others 1 x']);
});

test('without a listener it only counts, and wakes nobody', () => {
  const counters = noCounts();
  const refusals = new Refusals<RefusalCounter>(counters, undefined);
  refusals.count('refused400', 'x', from(1));
  assert.is(counters.refused400, 1);
  assert.is(refusals.wakeAtMs, undefined);
});

test.run();
