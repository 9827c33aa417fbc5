import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDate, writeDate } from '../../core/message/date.ts';

const test = suite('Date (RFC 3261 §20.17)');

function parse(text: string): number {
  const bytes = new TextEncoder().encode(`x${text}y`);
  return parseDate(bytes, 1, bytes.length - 1);
}

test('is written and read as RFC 3261 shows it', () => {
  const text = 'Sat, 13 Nov 2010 23:29:00 GMT';
  assert.is(parse(text), Date.UTC(2010, 10, 13, 23, 29, 0));
  assert.is(writeDate(Date.UTC(2010, 10, 13, 23, 29, 0)), text);
});

test('is what JavaScript calls it, from 1970 to 2399, to the second', () => {
  void fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2399, 11, 31) }), (epochMs) => {
      const text = new Date(epochMs).toUTCString();
      assert.is(writeDate(epochMs), text);
      assert.is(parse(text), Math.floor(epochMs / 1000) * 1000);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('that is none is -1', () => {
  for (const text of [
    '',
    'Sat, 13 Nov 2010 23:29:00 EST',
    'Sat, 13 Nom 2010 23:29:00 GMT',
    'Sat, 32 Nov 2010 23:29:00 GMT',
    'Sat, 13 Nov 2010 24:00:00 GMT',
    'Sat, 13 Nov 1910 23:29:00 GMT',
    '1289690940',
  ]) {
    assert.is(parse(text), -1, text);
  }
});

test.run();
