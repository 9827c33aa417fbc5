import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Slots, slotCount } from '../../core/shard/slots.ts';

const test = suite('Slots');

const key = Uint8Array.from({ length: 16 }, (_, i) => i);
const slotOf = (slots: Slots, callId: string): number => {
  const bytes = new TextEncoder().encode(`xx${callId}yy`);
  return slots.slotOf(bytes, 2, bytes.length - 2);
};
const ownerOf = (slots: Slots, callId: string): number => {
  const bytes = new TextEncoder().encode(callId);
  return slots.ownerOf(bytes, 0, bytes.length);
};

test('a Call-ID is always in the same one, whoever asks', () => {
  const callId = 'a84b4c76e66710@pc33.atlanta.example.com';
  assert.is(slotOf(new Slots(key, 2), callId), slotOf(new Slots(key, 7), callId));
  assert.ok(slotOf(new Slots(key, 2), callId) < slotCount);
});

test('another key puts it elsewhere, so that nobody can aim at one', () => {
  const other = new Slots(
    key.map((octet) => octet ^ 0x55),
    2,
  );
  const slots = new Slots(key, 2);
  const moved = Array.from({ length: 64 }, (_, i) => `call-${i}-zz`).filter(
    (callId) => slotOf(slots, callId) !== slotOf(other, callId),
  );
  assert.ok(moved.length > 60, `${moved.length} of 64`);
});

test('whatever a Call-ID is made of, it has one', () => {
  const slots = new Slots(key, 3);
  for (const callId of ['', 'a', '00', '[', '{"}', 'ÿ\u0000', 'x'.repeat(4000)]) {
    const slot = slotOf(slots, callId);
    assert.ok(Number.isInteger(slot) && slot >= 0 && slot < slotCount, callId);
  }
});

test('the last two characters are an offset to the hash of the others', () => {
  const slots = new Slots(key, 1);
  const base = slotOf(slots, 'branch00');
  assert.is(slotOf(slots, 'branch01'), (base + 1) % slotCount);
  assert.is(slotOf(slots, 'branch10'), (base + 32) % slotCount);
  assert.is(slotOf(slots, 'branchvv'), (base + 1023) % slotCount);
});

test('each of 1 to 32 shards owns as many as the next, give or take one', () => {
  for (const shards of [1, 2, 3, 16, 31, 32]) {
    const counts = new Array<number>(shards).fill(0);
    const slots = new Slots(key, shards);
    for (let offset = 0; offset < slotCount; offset++) {
      const digit = (value: number): string => value.toString(32);
      const owner = ownerOf(slots, `call${digit(offset >> 5)}${digit(offset & 31)}`);
      counts[owner] = (counts[owner] ?? 0) + 1;
    }
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${shards}: ${counts}`);
  }
});

test('a Call-ID of ours is in a slot of the shard that makes it', () => {
  for (const shards of [1, 2, 5, 32]) {
    const slots = new Slots(key, shards);
    for (let i = 0; i < 200; i++) {
      const shard = i % shards;
      assert.is(ownerOf(slots, slots.callIdFor(shard, `token${i}`)), shard);
    }
  }
});

test('a shard without slots makes none', () => {
  assert.throws(() => new Slots(key, 2).callIdFor(2, 'token'), /shard 2 owns no slot/);
});

test.run();
