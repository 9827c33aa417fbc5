import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Part, recordSizeMax } from '../../core/dialog/record.ts';
import { sliceOf } from '../../core/dialog/slice.ts';
import { DialogFlag, type DialogId, DialogState, DialogTable } from '../../core/dialog/table.ts';
import { recordParts } from './dialogs.ts';

const test = suite('Dialog table');

function made(table: DialogTable, callId: string, localTag: string, remoteTag: string): number {
  const dialog = table.create(recordParts({ callId, localTag, remoteTag }));
  if (dialog === undefined) throw new Error('no dialog');
  return dialog;
}

function found(table: DialogTable, callId: string, localTag: string, remoteTag: string): number {
  const bytes = new TextEncoder().encode(callId + localTag + remoteTag);
  const localStart = callId.length;
  const remoteStart = localStart + localTag.length;
  return table.find(bytes, 0, localStart, localStart, remoteStart, remoteStart, bytes.length);
}

test('finds a dialog by Call-ID and both tags, and by nothing less', () => {
  const table = new DialogTable({ capacity: 4, hashSeed: 1 });
  const dialog = made(table, 'call', 'near', 'far');
  assert.is(found(table, 'call', 'near', 'far'), dialog);
  for (const names of [
    ['Call', 'near', 'far'],
    ['call', 'nea', 'rfar'],
    ['call', 'near', ''],
    ['call', 'far', 'near'],
    ['call', 'near', 'FAR'],
  ] as const) {
    const [callId, localTag, remoteTag] = names;
    assert.is(found(table, callId, localTag, remoteTag), -1, names.join(' '));
  }
});

test('keeps apart dialogs that share a Call-ID and our tag, as a fork makes them', () => {
  const table = new DialogTable({ capacity: 4, hashSeed: 1 });
  const one = made(table, 'call', 'near', 'far1');
  const other = made(table, 'call', 'near', 'far2');
  table.free(one);
  assert.is(found(table, 'call', 'near', 'far1'), -1);
  assert.is(found(table, 'call', 'near', 'far2'), other);
});

test('refuses a dialog when it is full, and takes one again when another ends', () => {
  const table = new DialogTable({ capacity: 2, hashSeed: 1 });
  const first = made(table, 'a', 'near', 'far');
  made(table, 'b', 'near', 'far');
  assert.is(table.create(recordParts()), undefined);
  table.free(first);
  assert.is(made(table, 'c', 'near', 'far'), first);
  assert.is(table.count, 2);
});

test('refuses a dialog whose record is too large, and stays as it was', () => {
  const table = new DialogTable({ capacity: 2, hashSeed: 1 });
  assert.is(table.create(recordParts({ session: 'v'.repeat(recordSizeMax) })), undefined);
  assert.is(table.count, 0);
  assert.is(table.records.usedSize, 0);
});

test('knows no dialog by the id of one that has ended, though its row serves another', () => {
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const first = made(table, 'a', 'near', 'far');
  const id = table.id(first);
  assert.is(table.lookup(id), first);
  table.free(first);
  assert.is(table.lookup(id), -1);
  const second = made(table, 'b', 'near', 'far');
  assert.is(second, first);
  assert.is(table.lookup(id), -1);
  assert.is(table.lookup(table.id(second)), second);
});

test('knows no dialog by numbers that are no ids', () => {
  const table = new DialogTable({ capacity: 2, hashSeed: 1 });
  made(table, 'a', 'near', 'far');
  for (const number of [1, 2, -1, 0.5, 2 ** 24, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.is(table.lookup(number as DialogId), -1, String(number));
  }
});

test('begins every dialog with nothing of the one before it in the row', () => {
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const dialog = made(table, 'a', 'near', 'far');
  table.localSequence[dialog] = 7;
  table.remoteSequence[dialog] = 8;
  table.sessionInterval[dialog] = 9;
  table.remoteSession[dialog] = 10;
  table.set(dialog, DialogFlag.refresher, true);
  table.free(dialog);
  assert.is(table.state[dialog], DialogState.free);
  made(table, 'b', 'near', 'far');
  const { localSequence, remoteSequence, sessionInterval, remoteSession, flags } = table;
  assert.equal(
    [localSequence, remoteSequence, sessionInterval, remoteSession, flags].map((column) => column[dialog]),
    [0, 0, 0, 0, 0],
  );
});

test('sets and clears one flag and leaves the others', () => {
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const dialog = made(table, 'a', 'near', 'far');
  for (const flag of Object.values(DialogFlag)) table.set(dialog, flag, true);
  table.set(dialog, DialogFlag.sessionTimer, false);
  for (const [name, flag] of Object.entries(DialogFlag))
    assert.is(table.has(dialog, flag), name !== 'sessionTimer', name);
});

const name = fc.constantFrom('a', 'b', 'ab', 'ba', '', 'abc');
const action = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), callId: name, local: name, remote: name }),
  fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('update' as const), pick: fc.nat(), target: fc.string({ maxLength: 200 }) }),
  fc.record({ kind: fc.constant('find' as const), callId: name, local: name, remote: name }),
);

test('does what a Map would do, over thousands of dialogs that come and go', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(action, { minLength: 200, maxLength: 1000, size: 'max' }),
      (hashSeed, actions) => {
        const table = new DialogTable({ capacity: 40, hashSeed });
        const model = new Map<string, { readonly dialog: number; readonly id: DialogId; target: string }>();
        const dead: DialogId[] = [];
        for (const happening of actions) {
          if (happening.kind === 'create') {
            const { callId, local, remote } = happening;
            const key = `${callId} ${local} ${remote}`;
            if (model.has(key)) continue;
            const dialog = table.create(recordParts({ callId, localTag: local, remoteTag: remote }));
            assert.is(dialog === undefined, model.size === 40);
            if (dialog !== undefined) model.set(key, { dialog, id: table.id(dialog), target: 'sip:bob@192.0.2.4' });
          } else if (happening.kind === 'find') {
            const { callId, local, remote } = happening;
            assert.is(found(table, callId, local, remote), model.get(`${callId} ${local} ${remote}`)?.dialog ?? -1);
          } else if (model.size > 0) {
            const [key, entry] = [...model][happening.pick % model.size] ?? ['', undefined];
            if (entry === undefined) continue;
            if (happening.kind === 'update') {
              assert.ok(table.update(entry.dialog, sliceOf(happening.target), undefined, undefined));
              entry.target = happening.target;
            } else {
              table.free(entry.dialog);
              model.delete(key);
              dead.push(entry.id);
            }
          }
        }
        assert.is(table.count, model.size);
        for (const [key, { dialog, id, target }] of model) {
          const [callId = '', local = '', remote = ''] = key.split(' ');
          assert.is(found(table, callId, local, remote), dialog);
          assert.is(table.lookup(id), dialog);
          assert.is(table.text(dialog, Part.target), target);
        }
        for (const id of dead) assert.is(table.lookup(id), -1);
        for (const { dialog } of model.values()) table.free(dialog);
        assert.is(table.count, 0);
        assert.is(table.records.usedSize, 0);
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

test('a dialog that was made with a SIPS URI takes no other target and no other route, and nothing changes by the attempt', () => {
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const sips = '<sips:192.0.2.1;lr>';
  for (const parts of [
    { target: 'sips:bob@192.0.2.4', routes: '' },
    { target: 'SIPS:bob@192.0.2.4', routes: sips },
    { target: 'sip:bob@192.0.2.4', routes: `<sip:192.0.2.1;lr>, ${sips}` },
  ]) {
    const dialog = table.create(recordParts(parts)) as number;
    assert.ok(table.has(dialog, DialogFlag.secure));
    for (const [target, routes] of [
      ['sip:mallory@192.0.2.66', undefined],
      [undefined, '<sip:192.0.2.66;lr>'],
      [undefined, `${sips}, <sip:192.0.2.66;lr>`],
      ['sips:a@b', '<sip:192.0.2.66;lr>'],
    ] as const) {
      const slices = [target, routes].map((text) => (text === undefined ? undefined : sliceOf(text)));
      assert.not.ok(table.update(dialog, slices[0], slices[1], undefined));
      assert.equal([table.text(dialog, Part.target), table.text(dialog, Part.routes)], [parts.target, parts.routes]);
    }
    assert.ok(table.update(dialog, sliceOf('sips:b@c'), sliceOf(`${sips}, ${sips}`), undefined));
    assert.ok(table.update(dialog, undefined, sliceOf(''), undefined));
    table.free(dialog);
  }
  const dialog = table.create(recordParts()) as number;
  assert.not.ok(table.has(dialog, DialogFlag.secure), 'a row does not keep what its last dialog was');
  assert.ok(table.update(dialog, sliceOf('sip:b@c'), sliceOf('<sip:192.0.2.66;lr>'), undefined));
});

test.run();
