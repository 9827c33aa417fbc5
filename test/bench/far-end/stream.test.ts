import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nextSize } from '../../../bench/far-end/stream.ts';

const test = suite('Messages on a stream, as the far end of the storm finds them');

const plain = 'ACK sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n';
const withBody = 'INVITE sip:a SIP/2.0\r\nContent-Length: 12\r\n\r\nv=0\r\n\r\nabcde';

test('a message ends where its Content-Length says, wherever it begins', () => {
  const chunk = Buffer.from(plain + withBody + plain);
  assert.is(nextSize(chunk, 0), plain.length);
  assert.is(nextSize(chunk, plain.length), withBody.length);
  assert.is(nextSize(chunk, plain.length + withBody.length), plain.length);
});

test('what is not all there is waited for, wherever it is cut', () => {
  for (let size = 0; size < withBody.length; size++) {
    assert.is(nextSize(Buffer.from(withBody.slice(0, size)), 0), 0, String(size));
  }
});

test('an empty line between messages goes by itself', () => {
  assert.is(nextSize(Buffer.from(`\r\n${plain}`), 0), 2);
});

test.run();
