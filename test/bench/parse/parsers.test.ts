import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cStacks, measureCStack } from '../../../bench/parse/c-stacks.ts';
import { type FieldSink, FieldSizes } from '../../../bench/parse/fields.ts';
import type { Parser } from '../../../bench/parse/parser.ts';
import { loadRivals } from '../../../bench/parse/rivals/load.ts';
import { copiesOf, samples } from '../../../bench/parse/samples.ts';
import { sipmend } from '../../../bench/parse/sipmend.ts';
import { checksumOf } from '../../../bench/parse/timing.ts';
import { skip } from '../../skip.ts';

const test = suite('Parsers side by side');

/** Field for field, as text. */
function fieldsOf(parser: Parser, bytes: Uint8Array): string[] {
  const fields: string[] = [];
  const sink: FieldSink = {
    text: (value) => fields.push(value ?? ''),
    word: (value) => fields.push((value ?? '').toLowerCase()),
    number: (value) => fields.push(String(value ?? 0)),
    span: (from, start, end) => fields.push(Buffer.from(from.subarray(start, end)).toString()),
    uri: (uri, whole) => fields.push(whole(uri)),
  };
  parser.read(bytes, sink);
  return fields;
}

test('an UPDATE of 543 octets and an INVITE of 1,081 are read', () => {
  assert.equal(
    samples.map(({ name, bytes }) => [name, bytes.length]),
    [
      ['UPDATE', 543],
      ['INVITE', 1_081],
    ],
  );
});

test('every copy is the same message, in memory of several kinds', () => {
  for (const { bytes } of samples) {
    const copies = copiesOf(bytes);
    assert.ok(copies.every((copy) => bytes.equals(copy)));
    assert.ok(new Set(copies.map(({ byteOffset }) => byteOffset)).size > 4);
    assert.ok(copies.some((copy) => Buffer.isBuffer(copy)) && !copies.every((copy) => Buffer.isBuffer(copy)));
  }
});

test('ours reads every field of the UPDATE', () => {
  const update = samples.find(({ name }) => name === 'UPDATE');
  assert.ok(update);
  assert.equal(fieldsOf(sipmend, update.bytes), [
    ...['UPDATE', 'sip:ivr@192.0.2.80:5062'],
    ...['udp', '192.0.2.61', '5060', 'z9hG4bKe7qk2m4xw9pd3v5n'],
    ...['b6h3x9t2m7c5r8kq', 'p4w8z1d6n3j7f2vs'],
    'k8t3v6y1c9x4m7q2@192.0.2.50',
    ...['7341', 'UPDATE'],
    'sip:4930@192.0.2.50:5060',
    ...['sip:192.0.2.71;lr', '1', 'sip:192.0.2.61;lr', '1'],
    ...['1800', 'uac'],
  ]);
});

for (const rival of await loadRivals()) {
  const name = `${rival.name} reads the same values`;
  if ('missing' in rival) {
    skip(test, name, rival.missing);
    continue;
  }
  test(name, () => {
    for (const { bytes } of samples) assert.equal(fieldsOf(rival, bytes), fieldsOf(sipmend, bytes));
  });
}

for (const stack of cStacks) {
  const name = `${stack.name} reads the same values`;
  const found = measureCStack(stack, samples, 0);
  if ('missing' in found) {
    skip(test, name, found.missing);
    continue;
  }
  test(name, () => {
    assert.equal(
      found.map(({ checksum }) => checksum),
      samples.map((sample) => checksumOf(sipmend, sample)),
    );
  });
}

test('the timed loop needs the value of every field', () => {
  const sizes = new FieldSizes();
  sizes.text('four');
  sizes.word('udp');
  sizes.number(100);
  sizes.span(new Uint8Array(9), 2, 9);
  sizes.uri({ host: 'h' });
  sizes.text(undefined);
  assert.is(sizes.sum, 4 + 3 + 100 + 7 + 1);
});

test.run();
