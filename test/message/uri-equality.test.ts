import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseUriText, type UriView } from '../../core/message/uri.ts';
import { equalUris } from '../../core/message/uri-equality.ts';

const test = suite('Equality of URIs (RFC 3261 §19.1.4, RFC 5954 §4.2)');

function uri(text: string): UriView {
  const view = parseUriText(text);
  if (view === undefined) throw new Error(`${text} is no URI`);
  return view;
}

/** Whether they are equal, which must not depend on their order. */
function equal(a: string, b: string): boolean {
  const there = equalUris(uri(a), uri(b));
  assert.is(equalUris(uri(b), uri(a)), there, `${b} = ${a}`);
  assert.ok(equalUris(uri(a), uri(a)), a);
  return there;
}

const same = (...pairs: (readonly [string, string])[]): void => {
  for (const [a, b] of pairs) assert.ok(equal(a, b), `${a} = ${b}`);
};
const others = (...pairs: (readonly [string, string])[]): void => {
  for (const [a, b] of pairs) assert.not(equal(a, b), `${a} ≠ ${b}`);
};

test('the examples of RFC 3261 that are equivalent', () => {
  same(
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
  );
});

test('the examples of RFC 3261 that are not', () => {
  others(
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
  );
});

test('a sips URI is never a sip URI', () => {
  others(['sip:a@b', 'sips:a@b']);
  same(['sips:a@b', 'SIPS:a@B']);
});

test('user and password have case and may be escaped, and one that is missing is not one that is empty', () => {
  same(['sip:a%7Eb@c', 'sip:a~b@c'], ['sip:a:p%61ss@c', 'sip:a:pass@c'], ['sip:%c3%bc@c', 'sip:%C3%BC@c']);
  others(
    ['sip:a:pass@c', 'sip:a:PASS@c'],
    ['sip:a:pass@c', 'sip:a@c'],
    ['sip:a:@c', 'sip:a@c'],
    ['sip:a@c', 'sip:c'],
    ['sip:a%@c', 'sip:a%2@c'],
  );
});

test('the escape of a reserved character is another than the character', () => {
  others(['sip:a;b@c', 'sip:a%3Bb@c'], ['sip:a$@c', 'sip:a%24@c'], ['sip:a%3ab@c', 'sip:a:b@c']);
  same(['sip:a%3bb@c', 'sip:a%3Bb@c']);
});

test('user, ttl, method, maddr and transport are not ignored where only one has them', () => {
  for (const param of ['user=ip', 'ttl=1', 'method=INVITE', 'maddr=192.0.2.1', 'transport=udp', '%75ser=ip']) {
    others(['sip:a@b', `sip:a@b;${param}`], ['sip:a@b;x=1', `sip:a@b;${param};x=1`]);
    same([`sip:a@b;${param}`, `sip:a@b;y=2;${param}`]);
  }
  others(['sip:a@b;maddr=192.0.2.1', 'sip:a@b;maddr=192.0.2.2'], ['sip:a@b;ttl=1', 'sip:a@b;ttl=15']);
  others(['sip:a@b;method=INVITE', 'sip:a@b;method=invite']);
});

test('other parameters match where both have them, without regard to case, order and escapes', () => {
  same(
    ['sip:p;lr', 'sip:p;LR'],
    ['sip:p;lr', 'sip:p'],
    ['sip:p;a=1;b=2', 'sip:p;B=2;A=1'],
    ['sip:p;x=%41', 'sip:p;x=a'],
    ['sip:p;;a=1', 'sip:p;a=1;'],
  );
  others(['sip:p;lr', 'sip:p;lr=on'], ['sip:p;a=1', 'sip:p;a=2']);
});

test('a URI that repeats a parameter is the same as itself all the same', () => {
  same(['sip:a@b;x=1;x=2', 'sip:a@b;x=1;x=2'], ['sip:a@b?x=1&x=2', 'sip:a@b?x=1&x=2']);
});

test('headers are never ignored', () => {
  same(['sip:a@b?x=1&y=2', 'sip:a@b?Y=2&X=1'], ['sip:a@b?priority=Urgent', 'sip:a@b?Priority=urgent']);
  others(
    ['sip:a@b?x=1', 'sip:a@b?x=1&y=2'],
    ['sip:a@b?x=1', 'sip:a@b?x=2'],
    ['sip:a@b?call-id=A', 'sip:a@b?call-id=a'],
    ['sip:a@b?body=A', 'sip:a@b?body=a'],
  );
});

test('addresses are compared as numbers', () => {
  same(
    ['sip:bob@[2001:db8::9:1]', 'sip:bob@[2001:db8::9:01]'],
    ['sip:bob@[2001:DB8::9:1]:5060', 'sip:bob@[2001:db8:0:0:0:0:9:1]:5060'],
    ['sip:bob@[::ffff:192.0.2.128]', 'sip:bob@[::ffff:c000:280]'],
    ['sip:bob@[0:0:0:0:0:FFFF:129.144.52.38]', 'sip:bob@[::FFFF:129.144.52.38]'],
  );
  others(
    ['sip:bob@[2001:db8::9:1]', 'sip:bob@[2001:db8::9:10]'],
    ['sip:bob@192.0.2.10', 'sip:bob@[::ffff:192.0.2.10]'],
    ['sip:bob@192.0.2.1', 'sip:bob@192.0.2.10'],
  );
});

test('ports are compared as numbers, and the default is not the same as none', () => {
  same(['sip:b:5070', 'sip:b:05070']);
  others(['sip:b:5070', 'sip:b:5071'], ['sips:b', 'sips:b:5061']);
});

test('a URI of another scheme is the same octet by octet', () => {
  same(['tel:+1-201', 'tel:+1-201']);
  others(['tel:+1-201', 'tel:+1201'], ['tel:1', 'sip:1']);
});

test('what a comparison costs grows with the octets, not with the fields times the octets', () => {
  const name = '%61'.repeat(100);
  const fields = (separator: string, last: string): string =>
    Array.from({ length: 60 }, (_, i) => `${name}${i}=${last}`).join(separator);
  for (const [start, separator] of [
    ['sip:a@b;', ';'],
    ['sip:a@b?', '&'],
  ] as const) {
    const one = uri(`${start}${fields(separator, '1')}`);
    const other = uri(`${start}${fields(separator, '%31')}`);
    let reads = 0;
    for (const view of [one, other]) {
      view.bytes = new Proxy(view.bytes, {
        get: (bytes, key) => {
          const value: unknown = Reflect.get(bytes, key, bytes);
          if (typeof value === 'function') return value.bind(bytes);
          reads++;
          return value;
        },
      });
    }
    assert.ok(equalUris(one, other));
    assert.ok(reads < 60 * one.end, `${reads} reads of ${one.end} octets`);
  }
});

test.run();
