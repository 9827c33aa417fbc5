import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeaderId, headerIdAt, headerIdOfName, headerName, headerNameSize } from '../../core/message/header.ts';
import { Text } from '../../core/message/text.ts';

const test = suite('The copy of a head that is parsed');

function textOf(value: string): Text {
  const text = new Text();
  const bytes = Buffer.from(value, 'latin1');
  text.copy(bytes, bytes.length);
  return text;
}

test('has the octets of the last message, however long, and takes four of them at once', () => {
  const text = new Text();
  for (const size of [1, 5_000, 70_000, 3]) {
    const bytes = Buffer.alloc(size, size);
    text.copy(bytes, size);
    assert.ok(bytes.equals(text.octets.subarray(0, size)));
  }
  assert.is(textOf('abcdefg').fourAt(2), 0x6665_6463);
});

/** By the grammar, one octet after the other. */
function endOfLine(value: string, at: number, end: number): number {
  for (; at < end; at++) {
    if (value[at] === '\n') return -1;
    if (value[at] !== '\r') continue;
    if (at + 1 === end) return 0;
    if (value[at + 1] !== '\n') return -1;
    if (at + 2 === end || (value[at + 2] !== ' ' && value[at + 2] !== '\t')) return at + 2;
    at++;
  }
  return 0;
}

test('finds the end of every line, with its folds, and CR or LF that stand alone, from everywhere', () => {
  const lines = ['', 'a', 'ab: c', '\x00\t\x0b', '\x80\x8d\x8a\xff', 'x'.repeat(9)];
  const ends = ['\r\n', '\r\n ', '\r\n\t', '\r', '\n', '\r\r\n', '\r\n\r\n', ''];
  for (const first of lines) {
    for (const firstEnd of ends) {
      for (const second of lines) {
        for (const secondEnd of ends) {
          const value = first + firstEnd + second + secondEnd;
          const text = textOf(`${value}\r\n`);
          for (let at = 0; at <= value.length; at++) {
            assert.is(
              text.endOfLine(at, value.length),
              endOfLine(value, at, value.length),
              JSON.stringify([value, at]),
            );
          }
        }
      }
    }
  }
});

test('knows every header field by its full name and colon, in any case, and nothing else by that', () => {
  for (const id of Object.values(HeaderId)) {
    const name = headerName(id);
    if (name === '') continue;
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      const line = `${spelling}: value`;
      assert.is(headerIdAt(textOf(line), 0, line.length), id, line);
      assert.is(headerNameSize(headerIdOfName(spelling)), name.length);
      assert.is(headerIdAt(textOf(line), 0, name.length), HeaderId.Other, 'the colon is behind the end');
    }
    for (const line of [`${name} : value`, `${name}`, `X${name}: value`, `${name}X: value`, name.replace('-', '\r')]) {
      assert.is(headerIdAt(textOf(line), 0, line.length), HeaderId.Other, JSON.stringify(line));
    }
  }
});

test.run();
