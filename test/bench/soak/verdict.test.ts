import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf, exitCodes, type Findings, faultsOf } from '../../../bench/soak/verdict.ts';

const test = suite('Verdict of a soak');

const well: Findings = {
  lost: 0,
  falselyEnded: 0,
  ghosts: 0,
  breaks: [{ share: 0.2, unhealed: 0 }],
  ageing: [{ unhealed: 0 }],
  growth: { rss: 'flat', counted: 'flat' },
};

test('when all is well the exit code is 0, and so it is when a run was too short to see growth', () => {
  assert.equal(faultsOf(well), []);
  assert.is(exitCodeOf([]), 0);
  assert.equal(faultsOf({ ...well, growth: { rss: 'too-short', counted: 'too-short' } }), []);
});

test('each fault has an exit code of its own, and words', () => {
  const findings: readonly Partial<Findings>[] = [
    { lost: 1 },
    { falselyEnded: 1 },
    { ghosts: 1 },
    { breaks: [{ share: 1, unhealed: 3 }] },
    { growth: { rss: 'grows', counted: 'flat' } },
    { breaks: [{ share: 0.19, unhealed: 0 }] },
  ];
  const codes = findings.map((finding) => {
    const faults = faultsOf({ ...well, ...finding });
    assert.is(faults.length, 1);
    assert.ok((faults[0]?.words.length ?? 0) > 10);
    return exitCodeOf(faults);
  });
  assert.equal(codes, Object.values(exitCodes));
  assert.is(new Set([0, 1, 2, 130, ...codes]).size, 10);
});

test('what ageing left broken is a fault, and how much it hit is none', () => {
  const faults = faultsOf({ ...well, ageing: [{ unhealed: 2 }] });
  assert.equal(
    faults.map(({ fault }) => fault),
    ['unhealed'],
  );
});

test('of several the gravest decides, and all are told', () => {
  const faults = faultsOf({ ...well, growth: { rss: 'grows', counted: 'grows' }, ghosts: 2, breaks: [] });
  assert.equal(
    faults.map(({ words }) => words),
    ['2 dialogs at one end alone', 'resident memory is not steady', 'heaps and tables grow'],
  );
  assert.is(exitCodeOf(faults), exitCodes.ghost);
});

test.run();
