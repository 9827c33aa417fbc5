import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { octetsText } from './octets-text.ts';
import { fuzzSession } from './session.ts';
import { targetNames } from './targets.ts';

/** `npm run fuzz` goes on where this ends, with other seeds. */
const seed = 1;
const batches = 10;

const test = suite('Some thousand made-up inputs');

for (const name of targetNames) {
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
