import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../core/message/write.ts';
import { Branches, branchSize, hasCookie, idOfBranch, shardMax, shardOfBranch } from '../../core/transaction/branch.ts';
import { seededRandom } from './messages.ts';

const test = suite('branch of our requests (RFC 3261 §8.1.1.7)');

function made(shard: number, id: number, seed = 1): Uint8Array {
  const branches = new Branches(shard, seededRandom(seed));
  branches.resize(2);
  branches.make(1, id);
  const writer = new Writer();
  branches.write(1, writer);
  return writer.take();
}

test('shard and id come back out of it', () => {
  for (const shard of [0, 1, 31, 32, shardMax - 1]) {
    for (const id of [1, 2 ** 20 + 1, 2 ** 31 - 1]) {
      const bytes = made(shard, id);
      assert.is(shardOfBranch(bytes, 0, branchSize), shard);
      assert.is(idOfBranch(bytes, 0, branchSize), id);
      assert.ok(hasCookie(bytes, 0, branchSize));
    }
  }
});

test('64 random bits make it unlike any other of the same id', () => {
  const branches = new Branches(0, (target) => target.fill(0xff));
  branches.resize(2);
  branches.make(1, 1);
  assert.is(branches.text(1), 'z9hG4bK000000001vvvvvvvvvvvvu', 'thirteen digits of five bits: the last has four');
  assert.is.not(branches.text(1), new TextDecoder().decode(made(0, 1)));
  assert.is.not(new TextDecoder().decode(made(0, 1, 2)), new TextDecoder().decode(made(0, 1, 3)));
});

test('what has not its form has no shard and no id', () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const text of [
    '',
    'z9hG4bK',
    'z9hG4bK000000001vvvvvvvvvvvv',
    'z9hG4bK000000001vvvvvvvvvvvvuu',
    'Z9HG4BK000000001vvvvvvvvvvvvu',
  ]) {
    assert.is(shardOfBranch(encode(text), 0, text.length), -1, text);
    assert.is(idOfBranch(encode(text), 0, text.length), 0, text);
  }
  assert.is(shardOfBranch(encode('z9hG4bKw00000001vvvvvvvvvvvvu'), 0, branchSize), -1);
  assert.is(idOfBranch(encode('z9hG4bK00zzzzzzzvvvvvvvvvvvvu'), 0, branchSize), 0);
  assert.is(idOfBranch(encode('z9hG4bK00vvvvvvvvvvvvvvvvvvvu'), 0, branchSize), 0, 'more than 31 bits');
});

test('a shard that a branch cannot name is refused', () => {
  for (const shard of [-1, 0.5, shardMax]) assert.throws(() => new Branches(shard, seededRandom()), /shard/);
});

test.run();
