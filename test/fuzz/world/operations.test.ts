import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { textOctets } from '../octets-text.ts';
import { changed, messageText, writtenText } from './message-text.ts';
import { meant, numberOf, operationsOf } from './operations.ts';

const test = suite('Inputs that are programs');

test('say one operation a line that begins with a tilde, and what belongs to it behind', () => {
  assert.equal(operationsOf(textOctets('~wait 5\n~from hop\nINVITE x\r\n\r\n~lose  hop now')), [
    { name: 'wait', words: ['5'], text: '' },
    { name: 'from', words: ['hop'], text: 'INVITE x\r\n\r\n' },
    { name: 'lose', words: ['hop', 'now'], text: '' },
  ]);
});

test('are any octets', () => {
  assert.equal(operationsOf(new Uint8Array(0)), []);
  assert.equal(operationsOf(textOctets('a~b\n\xff')), [{ name: '', words: [], text: 'a~b\n\xff' }]);
  assert.equal(operationsOf(textOctets('~')), [{ name: '', words: [], text: '' }]);
  assert.equal(operationsOf(textOctets('x\n~')).length, 2);
  assert.is(operationsOf(textOctets('~wait 1\n'.repeat(10_000))).length, 96);
});

test('name things, or count them', () => {
  const names = ['a', 'b', 'c'];
  assert.is(meant('b', names, names), 'b');
  assert.is(meant('5', names, names), 'c');
  assert.is(meant('x', names, names), 'a');
  assert.is(meant(undefined, names, names), 'a');
  assert.is(meant('1', [], []), undefined);
  assert.equal(
    ['7', '-1', '1e99', 'x', undefined].map((word) => numberOf(word, 9)),
    [7, 0, 9, 0, 0],
  );
});

const text = 'INFO x SIP/2.0\r\nVia: a\r\nVia: b\r\nTo: c\r\nContent-Length: 0\r\n\r\n';

test('change lines of a message: by name, all of them at once; without one; and its first line', () => {
  const change = (changes: string): string[] => [...changed(messageText(text), changes).lines];
  assert.equal(change('Via: d\n'), ['Via: d', 'To: c', 'Content-Length: 0']);
  assert.equal(change('VIA: d\nvia: e'), ['VIA: d', 'To: c', 'Content-Length: 0', 'via: e']);
  assert.equal(change('-via\nNew: f'), ['To: c', 'Content-Length: 0', 'New: f']);
  assert.is(changed(messageText(text), '!BYE x SIP/2.0').start, 'BYE x SIP/2.0');
});

test('give a message another body, and a true length unless they say one', () => {
  const changes = '-Content-Length\nX: y\n\nbody';
  const message = writtenText(changed(messageText(text), changes));
  assert.match(message, /\r\nX: y\r\nContent-Type: application\/sdp\r\nContent-Length: 4\r\n\r\nbody$/);
  assert.match(writtenText(changed(messageText(text), '\n\nbody')), /\r\nContent-Length: 0\r\n/);
});

test.run();
