import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { base32Size, readBase32, writeBase32 } from '../../core/edge/base32.ts';

const test = suite('Base 32');

function written(source: Uint8Array): Uint8Array {
  const target = new Uint8Array(base32Size(source.length));
  assert.is(writeBase32(source, source.length, target, 0), target.length);
  return target;
}

test('octets come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (source) => {
      const digits = written(source);
      assert.ok(/^[0-9a-v]*$/.test(String.fromCharCode(...digits)));
      const target = new Uint8Array(64);
      assert.is(readBase32(digits, 0, digits.length, target), source.length);
      assert.equal(target.subarray(0, source.length), source);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('what was not written here is refused: other letters, other sizes, padding that is not zero', () => {
  const target = new Uint8Array(8);
  const read = (text: string): number => readBase32(new TextEncoder().encode(text), 0, text.length, target);
  assert.is(read('00'), 1);
  for (const text of ['0', 'w0', 'V0', '0-', '01', '000', '0000000000000000']) assert.is(read(text), -1, text);
});

test.run();
