import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Vocabulary } from '../../core/message/vocabulary.ts';

const test = suite('A vocabulary');

const words = [
  'lr',
  'tag',
  'rport',
  'branch',
  'received',
  'recover',
  'x',
  'content-disposition',
  'content-type',
] as const;
const folded = new Vocabulary(words);
const exact = new Vocabulary(words, { exact: true });

function find(vocabulary: Vocabulary<string>, text: string): string {
  const bytes = Buffer.from(`;${text}=`, 'latin1');
  return vocabulary.find(bytes, 1, 1 + text.length);
}

test('finds each of its words, wherever it stands', () => {
  for (const word of words) {
    assert.is(find(folded, word), word);
    assert.is(find(exact, word), word);
  }
});

test('finds them in any case, or only as they are', () => {
  assert.is(find(folded, 'Content-TYPE'), 'content-type');
  assert.is(find(exact, 'Content-TYPE'), '');
});

test('finds nothing else: no part of a word, no longer one, and no octet that only looks like one', () => {
  for (const word of words) {
    for (const other of [word.slice(1), word.slice(0, -1), `${word}x`, `x${word}`]) {
      assert.is(find(folded, other), words.includes(other as never) ? other : '', other);
    }
    // Every octet in place of every other one.
    for (let at = 0; at < word.length; at++) {
      for (let octet = 0; octet < 256; octet++) {
        const text = word.slice(0, at) + String.fromCharCode(octet) + word.slice(at + 1);
        assert.is(find(folded, text), words.find((known) => known === asciiLowerCase(text)) ?? '', text);
      }
    }
  }
  assert.is(find(folded, ''), '');
});

test('finds a word of four octets or more that others follow', () => {
  const bytes = Buffer.from('Branch=z;RECEIVED');
  assert.is(folded.indexAt(bytes, 0, bytes.length), words.indexOf('branch'));
  assert.is(folded.indexAt(bytes, 9, bytes.length), words.indexOf('received'));
  assert.is(folded.indexAt(bytes, 9, bytes.length - 1), -1);
  assert.is(folded.indexAt(bytes, 1, bytes.length), -1);
  assert.is(folded.indexAt(bytes, bytes.length - 2, bytes.length), -1);
});

function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

test.run();
