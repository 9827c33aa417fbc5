import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { octetsText } from './octets-text.ts';
import { fuzzSession } from './session.ts';
import type { TargetName } from './targets.ts';

/** `npm run fuzz` goes on where this ends, with other seeds. */
const seed = 1;
const batches = 6;

/** Tests each of these targets with what it begins with, and with a little that is made of that. */
export function testShortRuns(names: readonly TargetName[]): void {
  const test = suite('Made-up inputs');
  for (const name of names) {
    test(`break no rule of ${name}`, async () => {
      const { fuzzer } = await fuzzSession(name, { seed });
      fuzzer.begin();
      for (let batch = 0; batch < batches; batch++) fuzzer.step();
      const findings = [...fuzzer.findings.values()].map(({ message, input }) => `${message}\n${octetsText(input)}`);
      assert.equal(findings, [], `seed ${seed}`);
      assert.ok(fuzzer.corpus.count > 1 && fuzzer.executions > batches, 'it was guided');
    });
  }
  test.run();
}
