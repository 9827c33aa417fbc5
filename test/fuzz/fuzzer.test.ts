import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Coverage } from './coverage.ts';
import { Fuzzer } from './fuzzer.ts';
import { keepInput, readKeptInput } from './kept-input.ts';
import { octetsText, textOctets } from './octets-text.ts';
import { type FuzzSession, sessionOf } from './session.ts';
import type { Target } from './target.ts';

/** Each seed needs some hundred batches at most. */
const batchesMax = 1_000;

const test = suite('The fuzzer');

function planted(seed: number): Promise<FuzzSession> {
  return sessionOf(async () => (await import('./planted-fault.ts')).target, { seed });
}

function run({ fuzzer }: FuzzSession): void {
  fuzzer.begin();
  for (let batch = 0; batch < batchesMax && fuzzer.findings.size === 0; batch++) fuzzer.step();
}

test('is led by coverage to a fault that chance would not find, and leaves out all that is not needed for it', async () => {
  const session = await planted(1);
  run(session);
  const [finding] = session.fuzzer.findings.values();
  assert.is(finding?.rule, 'nobody gets here');
  assert.is(finding && octetsText(finding.input), 'fuzz');
  const { ran, known } = session.coverage.count();
  assert.is(ran, known);
});

test('does the same again with the same seed', async () => {
  const counts: number[] = [];
  for (const seed of [2, 2, 3]) {
    const session = await planted(seed);
    run(session);
    counts.push(session.fuzzer.executions);
  }
  assert.is(counts[0], counts[1]);
  assert.is.not(counts[0], counts[2]);
});

/** A target without blocks of its own. */
function target(run: (input: Uint8Array) => void): Target {
  return { name: 'toy', covers: [], starts: () => [textOctets('INVITE')], run };
}

function findingsOf(toy: Target, endlessMs?: number): string[] {
  const coverage = new Coverage(() => false);
  const fuzzer = new Fuzzer({ target: toy, coverage, seed: 1, ...(endlessMs !== undefined && { endlessMs }) });
  fuzzer.begin();
  return [...fuzzer.findings.values()].map(({ message, input }) => `${message}: ${octetsText(input)}`);
}

test('tells what throws by where it threw, and each once', () => {
  const toy = target((input) => {
    if (input.length > 2) throw new RangeError(`${input.length} octets`);
  });
  assert.equal(findingsOf({ ...toy, starts: () => ['aaaa', 'bbbbbb'].map(textOctets) }), ['3 octets: aaa']);
});

test('takes an input that does not end for a finding', () => {
  const endless = target((input) => {
    while (input[0] === 0x49);
  });
  assert.equal(findingsOf(endless, 200), ['an input comes to an end: not in 200 ms: INVITE']);
});

test('keeps an input as a text that a reader can follow, octet for octet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-'));
  try {
    const every = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    const path = keepInput({ target: 'scan', rule: 'a rule', input: every }, folder);
    assert.match(readFileSync(path, 'utf8'), /^[ -~\n]*$/);
    assert.equal(readKeptInput(path), { target: 'scan', rule: 'a rule', input: every });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
