import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Part, Records, recordSizeMax } from '../../core/dialog/record.ts';
import { sliceOf } from '../../core/dialog/slice.ts';
import { recordParts, textsOf, usualTexts } from './dialogs.ts';

const test = suite('Records of dialogs');

function created(records: Records, parts = recordParts()): number {
  const block = records.create(parts);
  if (block === undefined) throw new Error('no record');
  return block;
}

function updated(records: Records, block: number, target?: string, routes?: string, session?: string): number {
  const slice = (text: string | undefined) => (text === undefined ? undefined : sliceOf(text));
  const moved = records.update(block, slice(target), slice(routes), slice(session));
  if (moved === undefined) throw new Error('no room');
  return moved;
}

test('hold every part, and the identity as our requests carry it', () => {
  const records = new Records();
  assert.equal(textsOf(records, created(records)), {
    target: 'sip:bob@192.0.2.4',
    routes: '<sip:192.0.2.1;lr>',
    identity:
      'From: "Alice" <sip:alice@atlanta.example>;tag=near1\r\n' +
      'To: <sip:bob@biloxi.example>;tag=far1\r\n' +
      'Call-ID: call1@atlanta.example\r\n',
    contact: '<sip:alice@192.0.2.9:5060>',
    session: 'v=0\r\n',
    localTag: 'near1',
    remoteTag: 'far1',
    callId: 'call1@atlanta.example',
  });
});

test('write no tag for a peer of RFC 2543 that has none', () => {
  const records = new Records();
  const { identity, remoteTag } = textsOf(records, created(records, recordParts({ remoteTag: '' })));
  assert.is(remoteTag, '');
  assert.match(identity, '\r\nTo: <sip:bob@biloxi.example>\r\nCall-ID: ');
});

test('replace a part and leave the others alone', () => {
  const records = new Records();
  const before = textsOf(records, created(records));
  for (const [name, replacement] of [
    ['target', 'sip:bob@198.51.100.77:5080;transport=udp'],
    ['target', 'sip:b@a'],
    ['routes', ''],
    ['routes', '<sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>'],
    ['session', ''],
    ['session', 'v=0\r\no=alice 2 2 IN IP4 192.0.2.9\r\n'],
  ] as const) {
    const texts = { target: undefined, routes: undefined, session: undefined, [name]: replacement };
    const block = updated(records, created(records), texts.target, texts.routes, texts.session);
    assert.equal(textsOf(records, block), { ...before, [name]: replacement });
  }
});

test('stay in their block while they fit, and move when they do not', () => {
  const records = new Records();
  const neighbour = created(records);
  const block = created(records);
  assert.is(updated(records, block, 'sip:bob@192.0.2.5'), block);
  const grown = updated(records, block, undefined, undefined, 'v'.repeat(5000));
  assert.is.not(grown, block);
  const shrunk = updated(records, grown, undefined, undefined, 'v=0\r\n');
  assert.is(textsOf(records, shrunk).target, 'sip:bob@192.0.2.5');
  records.free(shrunk);
  records.free(neighbour);
  assert.is(records.usedSize, 0);
});

test('take a part of their own record as its replacement', () => {
  const records = new Records();
  const block = created(records);
  const own = {
    bytes: records.bytes(block),
    start: records.start(block, Part.session),
    end: records.end(block, Part.session),
  };
  const moved = records.update(block, sliceOf('sip:bob@192.0.2.4;x=yyyyyyyyyyyyyyyyyyyy'), undefined, own);
  assert.ok(moved !== undefined);
  assert.is(textsOf(records, moved).session, 'v=0\r\n');
});

test('are refused beyond their largest size, and nothing is taken then', () => {
  const records = new Records();
  assert.is(records.create(recordParts({ session: 'v'.repeat(recordSizeMax) })), undefined);
  assert.is(records.usedSize, 0);
});

test('are left as they were by an update that is too large', () => {
  const records = new Records();
  const block = created(records);
  const before = textsOf(records, block);
  assert.is(
    records.update(block, sliceOf('sip:other@192.0.2.7'), undefined, sliceOf('v'.repeat(recordSizeMax))),
    undefined,
  );
  assert.equal(textsOf(records, block), before);
});

test('take one large part for another as long as the record fits', () => {
  const records = new Records();
  const block = created(records, recordParts({ session: 'a'.repeat(40_000) }));
  const moved = updated(records, block, undefined, undefined, 'b'.repeat(60_000));
  assert.is(textsOf(records, moved).session, 'b'.repeat(60_000));
});

test('compare a part octet by octet', () => {
  const records = new Records();
  const block = created(records);
  const { bytes, start, end } = sliceOf('far1');
  assert.ok(records.equals(block, Part.remoteTag, bytes, start, end));
  assert.not(records.equals(block, Part.remoteTag, bytes, start, end - 1));
  assert.not(records.equals(block, Part.localTag, bytes, start, end));
});

test('say after any updates what was written last, and leave no block behind', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
  const part = fc.option(
    fc.oneof(
      text,
      fc.integer({ max: 3000, min: 0 }).map((size) => 'x'.repeat(size)),
    ),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), part, part, part), { maxLength: 60 }), (updates) => {
      const records = new Records();
      const model = [0, 1, 2, 3].map((i) => ({ ...usualTexts, callId: `call${i}` }));
      const blocks = model.map((texts) => created(records, recordParts(texts)));
      for (const [which, target, routes, session] of updates) {
        blocks[which] = updated(records, blocks[which] ?? 0, target, routes, session);
        const texts = model[which];
        if (texts === undefined) continue;
        if (target !== undefined) texts.target = target;
        if (routes !== undefined) texts.routes = routes;
        if (session !== undefined) texts.session = session;
      }
      for (const [which, block] of blocks.entries()) {
        const { target, routes, session, callId, localTag, remoteTag, contact } = textsOf(records, block);
        const { localParty: _local, remoteParty: _remote, ...expected } = model[which] ?? usualTexts;
        assert.equal({ target, routes, localTag, remoteTag, callId, contact, session }, expected);
        records.free(block);
      }
      assert.is(records.usedSize, 0);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('target and routes of any size follow each other, in their place or elsewhere, and all else stays', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ';', ':'), maxLength: 90 });
  const change = fc.record({ target: text, routes: text }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const records = new Records();
      let block = created(records);
      const neighbour = created(records);
      const expected = { ...textsOf(records, block) };
      const beside = textsOf(records, neighbour);
      for (const { target, routes } of changes) {
        block = updated(records, block, target, routes);
        if (target !== undefined) expected.target = target;
        if (routes !== undefined) expected.routes = routes;
        assert.equal(textsOf(records, block), expected);
      }
      assert.equal(textsOf(records, neighbour), beside);
    }),
    { seed: 3, numRuns: 300 },
  );
});

test.run();
