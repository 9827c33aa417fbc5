import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AddressView, parseAddress } from '../../core/message/address.ts';
import { octets } from './sample.ts';

const test = suite('Addresses (RFC 3261 §20.10, §25.1)');

/** The parts of the first address in `value`, and what is left behind it. */
function read(value: string): Record<string, string | boolean> | undefined {
  const bytes = octets(value);
  const view = new AddressView();
  const next = parseAddress(bytes, 0, bytes.length, view);
  if (next < 0) return undefined;
  const text = ({ start, end }: { start: number; end: number }): string =>
    new TextDecoder().decode(bytes.subarray(start, end));
  const { uri, tag, display, params, bracketed } = view;
  return {
    uri: text(uri),
    tag: text(tag),
    display: text(display),
    params: text(params),
    value: text(view.value),
    rest: text({ start: next, end: bytes.length }),
    bracketed,
  };
}

test('a name-addr keeps its URI parameters, and the header keeps its own', () => {
  assert.equal(read('"A. G. Bell" <sip:agb@bell-telephone.com;user=phone?x=y> ;tag=a48s ; x'), {
    uri: 'sip:agb@bell-telephone.com;user=phone?x=y',
    tag: 'a48s',
    display: '"A. G. Bell"',
    params: ';tag=a48s ; x',
    value: '"A. G. Bell" <sip:agb@bell-telephone.com;user=phone?x=y> ;tag=a48s ; x',
    rest: '',
    bracketed: true,
  });
});

test('in an addr-spec every parameter is the header’s', () => {
  assert.equal(read('sip:Bob@contoso.com;epid=02020202;tag=0303'), {
    uri: 'sip:Bob@contoso.com',
    tag: '0303',
    display: '',
    params: ';epid=02020202;tag=0303',
    value: 'sip:Bob@contoso.com;epid=02020202;tag=0303',
    rest: '',
    bracketed: false,
  });
});

test('display names may be tokens, quoted, empty, or stand without a space', () => {
  assert.is(read('caller<sip:caller@example.com>;tag=323')?.['display'], 'caller');
  assert.is(read('Two  Words <sip:a@b>')?.['display'], 'Two  Words');
  assert.is(read('<sip:a@b>')?.['display'], '');
  assert.is(read('"" <sip:a@b>')?.['display'], '""');
});

test('an angle bracket or quote never becomes a part of an addr-spec (§25.1)', () => {
  for (const value of ['a/b:<sip:c@d>;tag=1', '[x:<sip:c@d>', 'sip:a@b<sip:c@d', 'sip:a@b>;tag=1', 'sip:a"b@c']) {
    assert.is(read(value), undefined, value);
  }
});

test('a display name without quotes is made of tokens, and of what is no ASCII', () => {
  assert.is(read("token1~` token2'+_ token3*%!.- <sip:a@b>")?.['display'], "token1~` token2'+_ token3*%!.-");
  assert.is(read('Grüße\r\n an Åsa<sip:a@b>')?.['display'], 'Grüße\r\n an Åsa');
});

test('quotes hide commas, semicolons, angle brackets and escaped quotes', () => {
  const found = read('"Bell, \\"A;\\" <sip:no@no>\\\\" <sip:a@b>;x="1, 2;tag=no\\"";tag=yes, <sip:c@d>');
  assert.is(found?.['uri'], 'sip:a@b');
  assert.is(found?.['tag'], 'yes');
  assert.is(found?.['display'], '"Bell, \\"A;\\" <sip:no@no>\\\\"');
  assert.is(found?.['rest'], ', <sip:c@d>');
});

test('white space around everything is passed over', () => {
  const found = read(' \t"x"\r\n <sip:a@b>\r\n ; tag\r\n = \r\n\t1 ');
  assert.is(found?.['tag'], '1');
  assert.is(found?.['value'], '"x"\r\n <sip:a@b>\r\n ; tag\r\n = \r\n\t1');
});

test('a comma ends the first address of a list', () => {
  assert.is(read('<sip:a@b>,<sip:c@d>')?.['rest'], ',<sip:c@d>');
  assert.is(read('sip:a@b ,sip:c@d')?.['rest'], ',sip:c@d');
  assert.is(read('<sip:a,b@c;x=1,2>')?.['uri'], 'sip:a,b@c;x=1,2');
});

test('vendors’ parameters pass: Base64 with its equals signs, octets beyond ASCII, names in any case', () => {
  assert.is(read('<sip:a@b>;ms-sig=aGk==;TAG=1;grüße=schön')?.['tag'], '1');
});

test('what breaks the grammar is refused', () => {
  for (const value of [
    '',
    'nothing',
    '<>',
    '< >',
    '<sip:a@b',
    '<sip:a@b;tag=1',
    '<sip:a<b>',
    '< sip:a@b>',
    '<sip:a@b >',
    '<sip:a b@c>',
    '<sip:a"b@c>',
    '<sip:a\0b@c>',
    'sip:a@b?x=y',
    'tel:1?x',
    'J. (Joe) <sip:a@b>',
    'a@b <sip:a@b>',
    'a:b <sip:a@b>',
    '"open <sip:a@b>',
    '"closed" sip:a@b',
    '"closed"',
    '<sip:a@b> x',
    '<sip:a@b>;',
    '<sip:a@b>;;tag=1',
    '<sip:a@b>;tag',
    '<sip:a@b>;tag=',
    '<sip:a@b>;tag="1"',
    '<sip:a@b>;tag=ä',
    '<sip:a@b>;tag=1;tag=1',
    '<sip:a@b>;x="open',
    'Bell, Alexander <sip:a@b>',
    'a\\b <sip:a@b>',
  ]) {
    assert.is(read(value), undefined, value);
  }
});

test.run();
