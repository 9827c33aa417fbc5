import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sliceOf } from '../../core/dialog/slice.ts';

const test = suite('Slice');

test('a text as a slice is its UTF-8', () => {
  const { bytes, start, end } = sliceOf('é');
  assert.equal([...bytes.subarray(start, end)], [0xc3, 0xa9]);
});

test.run();
