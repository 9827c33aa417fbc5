import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkedRecord } from '../../core/dialog-record.ts';
import { type DialogRecord, dialogSchema, UsageError } from '../../core/index.ts';
import { exportedRecord, fullRecord, leastRecord } from './records.ts';

const test = suite('The record of a dialog');

/** The type of the values that a schema allows. */
type Allowed<S> = S extends { const: infer C }
  ? C
  : S extends { enum: readonly (infer E)[] }
    ? E
    : S extends { type: 'string' }
      ? string
      : S extends { type: 'integer' }
        ? number
        : S extends { type: 'boolean' }
          ? boolean
          : S extends { items: infer I }
            ? readonly Allowed<I>[]
            : S extends { properties: infer P; required: readonly (infer R)[] }
              ? Flat<
                  { readonly [K in keyof P & R]: Allowed<P[K]> } & {
                    readonly [K in Exclude<keyof P, R>]?: Allowed<P[K]>;
                  }
                >
              : never;
type Flat<T> = { [K in keyof T]: T[K] };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile when one of them has what the other has not. */
const typeIsSchema: Same<Plain<DialogRecord>, Plain<Allowed<typeof dialogSchema>>> = true;
type Plain<T> = { [K in keyof T]: Flat<T[K]> };

function reasonsOf(record: unknown): readonly string[] {
  try {
    checkedRecord(record);
    return [];
  } catch (error) {
    assert.instance(error, UsageError, `${(error as Error).stack}`);
    const { message, reasons } = error as UsageError;
    for (const reason of reasons) assert.ok(message.includes(reason), `'${reason}' in '${message}'`);
    return reasons;
  }
}

test('the type and the schema say the same', () => assert.ok(typeIsSchema));

test('the schema is in the package as a file, too', () => {
  const file = join(resolve(import.meta.dirname, '../../..'), 'core', 'dialog.schema.json');
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), dialogSchema);
});

test('what the schema describes is described: each property, and each default of what may be left out', () => {
  const { properties, required } = dialogSchema;
  const needed: readonly string[] = required;
  for (const [name, { description }] of Object.entries(properties)) {
    assert.ok(description.length > 3, name);
    if (!needed.includes(name) && name !== 'peer' && name !== 'remoteSessionHash')
      assert.match(description, 'Default: ', name);
  }
});

test('the least and the fullest are taken as they are', () => {
  assert.equal(checkedRecord(leastRecord), leastRecord);
  assert.equal(checkedRecord(fullRecord), fullRecord);
});

test('what is undefined is left out; what is changed afterwards changes nothing', () => {
  const given = { ...fullRecord, hop: undefined, routeSet: ['sip:a.example;lr'], peer: { resilient: undefined } };
  const taken = checkedRecord(given);
  given.routeSet.push('sip:b.example;lr');
  const { hop: _left, ...rest } = fullRecord;
  assert.equal(taken, { ...rest, routeSet: ['sip:a.example;lr'], peer: {} });
});

test('a bad one is refused with every reason at once, each with the place that it speaks of', () => {
  const bad = {
    version: 2,
    callId: 'two words',
    localTag: '',
    role: 'caller',
    localUri: 'sip:a@b;x=y',
    remoteUri: '<sip:b@c>;tag=1',
    localSequenceNumber: 2 ** 31,
    reservedSequenceNumber: 1.5,
    remoteSequenceNumber: '7',
    remoteTarget: 'tel:+1',
    routeSet: ['sip:p1.example;lr', 'p2', 5, 'sip:p3 ;lr'],
    secure: 'yes',
    localContact: '"Alice <sip:a@b>',
    localAddress: 'sip:us.example',
    localSession: null,
    remoteSession: 'v=0',
    remoteSessionHash: 0,
    sessionTimer: { intervalS: 89, remainingS: -1, colour: 'red' },
    peer: [],
    hop: 'sip:proxy.example',
    routeStatus: 'broken',
    'a/b~c': 1,
  };
  assert.equal([...reasonsOf(bad)].sort(), [
    '/a~1b~0c: is no property of this schema.',
    '/callId: does not match ^[!-~]+$.',
    '/hop: is no SIP URI with a numeric host.',
    '/localAddress: is no SIP URI with a numeric host.',
    '/localContact: is no SIP or SIPS URI, nor a name-addr with one.',
    '/localSequenceNumber: 2147483648 is no whole number from 0 to 2147483646.',
    '/localSession: is null, not a string.',
    '/localTag: is empty.',
    '/localUri: needs angle brackets around its URI (RFC 3261 §20.10).',
    '/peer: is a list, not an object.',
    '/remoteSequenceNumber: is of type string, not a whole number.',
    '/remoteSessionHash: 0 is no whole number from 1 to 4294967295.',
    '/remoteTag: is missing.',
    '/remoteTarget: is no SIP or SIPS URI.',
    '/remoteUri: has parameters behind its URI.',
    '/reservedSequenceNumber: 1.5 is no whole number from 0 to 2147483646.',
    '/role: is none of uac, uas.',
    '/routeSet/2: is of type number, not a string.',
    '/routeSet/3: does not match ^[^\\u0000- "<>\\u007f\\ud800-\\udfff]+$.',
    '/routeStatus: is none of healthy, recovering.',
    '/secure: is of type string, not a boolean.',
    '/sessionTimer/colour: is no property of this schema.',
    '/sessionTimer/intervalS: 89 is no whole number from 90 to 4294967295.',
    '/sessionTimer/refresher: is missing.',
    '/sessionTimer/remainingS: -1 is no whole number from 0 to 4294967295.',
    '/version: is not 1.',
  ]);
});

for (const [what, change, reasons] of [
  [
    'routes that are no SIP URIs',
    { routeSet: ['sip:a;lr', 'tel:+1', 'x'] },
    [/^\/routeSet\/1: is no/, /^\/routeSet\/2:/],
  ],
  ['a From that is no URI', { localUri: 'alice' }, [/^\/localUri: is no URI or name-addr/]],
  ['a To with a broken URI', { remoteUri: '<sip:>' }, [/^\/remoteUri: is no URI/]],
  ['two parties in one', { remoteUri: '<sip:a@b>, <sip:c@d>' }, [/^\/remoteUri: is no URI/]],
  ['31 routes', { routeSet: Array(31).fill('sip:a;lr') }, [/^\/routeSet: has 31 entries, more than 30/]],
  ['a list with holes', { routeSet: Array(2) }, [/^\/routeSet\/0: is of type undefined/, /^\/routeSet\/1/]],
  [
    'a secure dialog with SIP URIs',
    { secure: true, routeSet: ['sips:a;lr', 'sip:b;lr'] },
    [/^\/remoteTarget: is no SIPS/, /^\/routeSet\/1: is no SIPS/],
  ],
  [
    'a SIPS target behind a SIP route',
    { remoteTarget: 'sips:b@c', routeSet: ['sip:b;lr'] },
    [/^\/routeSet\/0: is no SIPS/],
  ],
  [
    'less reserved than used',
    { localSequenceNumber: 9, reservedSequenceNumber: 8 },
    [/^\/reservedSequenceNumber: is below/],
  ],
  ['a description and a hash of it', { remoteSession: 'v=0', remoteSessionHash: 7 }, [/^\/remoteSessionHash: stands/]],
  ['€ in ISO-8859-1', { localSession: '€', localSessionCharset: 'iso-8859-1' }, [/^\/localSession: has characters/]],
  [
    'more left than there is',
    { sessionTimer: { intervalS: 90, refresher: 'local', remainingS: 91 } },
    [/^\/sessionTimer\/remainingS: is more/],
  ],
  ['a Call-ID of 1025 characters', { callId: 'x'.repeat(1025) }, [/^\/callId: is longer than 1024/]],
  [
    'more than a dialog can hold',
    { localSession: 'x'.repeat(49_152), routeSet: Array(8).fill(`sip:${'a'.repeat(2500)};lr`) },
    [/^: its parts take 6\d{4} octets together/],
  ],
  ['half a character', { localUri: '"\ud800" <sip:a@b>' }, [/^\/localUri: does not match/]],
] as const) {
  test(`refuses ${what}`, () => {
    const found = reasonsOf({ ...leastRecord, ...change });
    assert.is(found.length, reasons.length, found.join(' '));
    for (const [index, reason] of reasons.entries()) assert.match(found[index] ?? '', reason);
  });
}

test('nothing that is no object is a record', () => {
  for (const value of [undefined, null, 5, 'x', true, [], [leastRecord], () => leastRecord, Symbol('x'), 5n]) {
    assert.is(reasonsOf(value).length, 1);
  }
});

test('no text of it can begin a header line, end one, or end what it stands in', () => {
  const texts = Object.entries(fullRecord).filter(([, value]) => typeof value === 'string' || Array.isArray(value));
  for (const [name, value] of texts) {
    // Bodies are measured by Content-Length; the name of a group is never sent.
    if (name === 'localSession' || name === 'remoteSession' || name === 'group') continue;
    const text = Array.isArray(value) ? String(value[0]) : String(value);
    for (const evil of ['\r\nX: y', '\n', '\r', '\0', '\r\n\r\n', '\u007f', '\t', '\v']) {
      for (const attempt of [text + evil, evil + text, text.slice(0, 5) + evil + text.slice(5)]) {
        const reasons = reasonsOf({ ...fullRecord, [name]: Array.isArray(value) ? [attempt] : attempt });
        assert.ok(
          reasons.some((reason) => reason.startsWith(`/${name}`)),
          JSON.stringify({ [name]: attempt }),
        );
      }
    }
  }
  for (const evil of ['sip:a@b>;x=<sip:c', 'sip:a>, <sip:b', 'sip:a b', '"sip:a"']) {
    assert.match(reasonsOf({ ...leastRecord, remoteTarget: evil }).join(' '), '/remoteTarget');
    assert.match(reasonsOf({ ...leastRecord, routeSet: [evil] }).join(' '), '/routeSet/0');
  }
  for (const evil of ['a;tag=b', 'a b', 'a,b', 'a"', 'a>']) {
    assert.match(reasonsOf({ ...leastRecord, localTag: evil }).join(' '), '/localTag');
    assert.match(reasonsOf({ ...leastRecord, remoteTag: evil }).join(' '), '/remoteTag');
  }
});

test('whatever is given is taken or refused with reasons, 2,000 times, and never anything else', () => {
  const names = Object.keys(dialogSchema.properties);
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
  });
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('sip:a@b', '<sip:a>', ';', '\r\n'));
  const number = fc.oneof(fc.double(), fc.integer());
  const value = fc.oneof(
    anything,
    text,
    number,
    fc.array(text),
    fc.dictionary(fc.constantFrom(...names, 'intervalS'), number),
  );
  const changes = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 6 });
  fc.assert(
    fc.property(fc.constantFrom(leastRecord, fullRecord), changes, (record, change) => {
      const bad = { ...record, ...change };
      const reasons = reasonsOf(bad);
      for (const reason of reasons) assert.match(reason, /^(\/.*)?: .+\.$/su);
      if (reasons.length === 0) assert.equal(reasonsOf(JSON.parse(JSON.stringify(checkedRecord(bad)))), []);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('each record that a stack exports is sound', () => {
  fc.assert(
    fc.property(exportedRecord, (record) => assert.equal(reasonsOf(record), [])),
    { numRuns: 300, seed: 2 },
  );
});

test.run();
