import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOfText } from '../../core/message/numeric-address.ts';
import { requestUri } from '../../core/message/request-uri.ts';
import { parseUri, UriView } from '../../core/message/uri.ts';

const test = suite('URIs as a Request-URI has them (RFC 3261 §19.1.1, table 1)');

/** With other octets around it, as in a message. */
function stripped(text: string): string {
  const bytes = new TextEncoder().encode(`<${text}>`);
  const view = new UriView();
  assert.ok(parseUri(bytes, 1, bytes.length - 1, view), text);
  const slice = requestUri(view);
  return new TextDecoder().decode(slice.bytes.subarray(slice.start, slice.end));
}

test('headers and the method are left out, all else stays octet by octet', () => {
  for (const [text, left] of [
    ['sip:bob@b', 'sip:bob@b'],
    ['SIPS:b%6fb:pw@[2001:db8::1]:5070;lr;x=y;transport=TCP', 'SIPS:b%6fb:pw@[2001:db8::1]:5070;lr;x=y;transport=TCP'],
    ['sip:bob@b?subject=x', 'sip:bob@b'],
    ['sip:bob@b?', 'sip:bob@b'],
    ['sip:bob@b;method=INVITE', 'sip:bob@b'],
    ['sip:bob@b;a=1;Method=BYE;c?x=y', 'sip:bob@b;a=1;c'],
    ['sip:bob@b;%6dethod=BYE', 'sip:bob@b'],
    ['sip:bob@b;method', 'sip:bob@b'],
    ['sip:bob@b;method=BYE;a;method=ACK;method?x', 'sip:bob@b;a'],
    ['sip:bob@b;methods=1', 'sip:bob@b;methods=1'],
    ['sip:who?method=x@b', 'sip:who?method=x@b'],
    ['tel:+1?x', 'tel:+1?x'],
  ] as const) {
    assert.is(stripped(text), left);
  }
});

test('maddr stands for the host where it says where to send', () => {
  assert.equal(addressOfText('sip:b@192.0.2.1:5070;maddr=192.0.2.9'), {
    protocol: 'udp',
    host: '192.0.2.9',
    port: 5070,
  });
  assert.is(addressOfText('sip:b@192.0.2.1;maddr=example.com'), undefined);
});

test.run();
