import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authorizationText, parseAuthorization } from '../../core/message/authorization.ts';
import { parseChallenge } from '../../core/message/challenge.ts';
import { digestOf } from '../../core/message/digest.ts';
import { parseDigestParams, quotedString } from '../../core/message/digest-params.ts';
import { systemHash } from '../../core/shard/system.ts';

const test = suite('Digest (RFC 7616, RFC 8760)');

const mufasa = {
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  qop: 'auth',
  nc: '00000001',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  method: 'GET',
  uri: '/dir/index.html',
  body: new Uint8Array(0),
} as const;

test('gives the digests of RFC 7616 §3.9.1', () => {
  assert.is(digestOf(systemHash, { ...mufasa, algorithm: 'MD5' }), '8ca523f5e9506fed4657c9700eebdbec');
  assert.is(
    digestOf(systemHash, { ...mufasa, algorithm: 'SHA-256' }),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('takes SHA-512-256, names beyond ASCII, a session’s key, the body, and RFC 2069', () => {
  const jason = {
    ...mufasa,
    username: 'Jäsøn Doe',
    password: 'Secret, or not?',
    realm: 'api@example.org',
    nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
    cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
    uri: '/doe.json',
  };
  const h = (text: string) => systemHash('SHA-512-256', text);
  const a1 = h('Jäsøn Doe:api@example.org:Secret, or not?');
  const rest = (qop: string, a2: string) => `${jason.nonce}:00000001:${jason.cnonce}:${qop}:${h(a2)}`;
  const algorithm = 'SHA-512-256';
  assert.is(digestOf(systemHash, { ...jason, algorithm }), h(`${a1}:${rest('auth', 'GET:/doe.json')}`));
  const session = h(`${a1}:${jason.nonce}:${jason.cnonce}`);
  assert.is(
    digestOf(systemHash, { ...jason, algorithm: 'SHA-512-256-sess' }),
    h(`${session}:${rest('auth', 'GET:/doe.json')}`),
  );
  const covered = `GET:/doe.json:${h('v=0')}`;
  const body = new TextEncoder().encode('v=0');
  assert.is(
    digestOf(systemHash, { ...jason, algorithm, qop: 'auth-int', body }),
    h(`${a1}:${rest('auth-int', covered)}`),
  );
  assert.is(
    digestOf(systemHash, { ...jason, algorithm, qop: undefined }),
    h(`${a1}:${jason.nonce}:${h('GET:/doe.json')}`),
  );
});

test('the hash of no body is that of the empty text (RFC 3261 §22.4, 7; RFC 8760 §2.6, 7)', () => {
  assert.is(systemHash('MD5', new Uint8Array(0)), 'd41d8cd98f00b204e9800998ecf8427e');
  assert.is(systemHash('SHA-256', ''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('reads the challenge of RFC 3261 §22.2, folded or not', () => {
  const value =
    'Digest realm="biloxi.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  for (const text of [value, value.replace('Digest', 'dIGEST'), value.replaceAll(', ', ' , '), `${value},`]) {
    assert.equal(parseChallenge(text), {
      realm: 'biloxi.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      opaque: '5ccc069c403ebaf9f0171e9517f40e41',
      algorithm: 'MD5',
      algorithmName: undefined,
      qop: 'auth',
      stale: false,
    });
  }
});

test('algorithm, qop and stale are read without regard to case; unknown parameters are passed over', () => {
  const challenge = parseChallenge(
    'Digest realm=plain,nonce="n",algorithm=sha-256,QOP="x, Auth-Int",Stale=TRUE,domain="sip:a"',
  );
  assert.is(challenge?.algorithm, 'SHA-256');
  assert.is(challenge?.algorithmName, 'sha-256');
  assert.is(challenge?.qop, 'auth-int');
  assert.is(challenge?.stale, true);
  assert.is(challenge?.realm, 'plain');
});

test('a challenge that is not understood is none (RFC 8760 §2.4)', () => {
  for (const value of [
    '',
    'Digest',
    'Basic realm="a"',
    'Digest realm="a"',
    'Digest nonce="a"',
    'Digest realm="a", nonce="b", algorithm=SHA-3',
    'Digest realm="a", nonce="b", algorithm=AKAv1-MD5',
    'Digest realm="a", nonce="b", qop="auth-conf"',
    'Digest realm="a", nonce="b", algorithm=MD5-sess',
    'Digest realm="a", realm="a", nonce="b"',
    'Digest realm="a, nonce="b"',
    'Digest realm="a" nonce="b"',
    'Digest realm="a", nonce=',
    'Digest realm="a", nonce="b", =',
  ]) {
    assert.is(parseChallenge(value), undefined, value);
  }
});

test('quotes and backslashes are taken off for the digest and put on again in what is sent', () => {
  const params = parseDigestParams('Digest realm="a \\"b\\" \\\\ c", nonce="x"');
  assert.is(params?.get('realm'), 'a "b" \\ c');
  assert.is(quotedString('a "b" \\ c'), '"a \\"b\\" \\\\ c"');
});

test('credentials are written as RFC 7616 §3.4 quotes them, and read again', () => {
  const authorization = {
    username: 'bob "b"',
    realm: 'biloxi.com',
    nonce: 'n',
    uri: 'sip:bob@biloxi.com',
    response: '6629fae49393a05397450978507c4ef1',
    algorithm: 'MD5',
    opaque: 'o',
    qop: 'auth',
    nc: '00000001',
    cnonce: '0a4f113b',
  };
  const text = authorizationText(authorization);
  assert.is(
    text,
    'Digest username="bob \\"b\\"", realm="biloxi.com", nonce="n", uri="sip:bob@biloxi.com", response="6629fae49393a05397450978507c4ef1", opaque="o", algorithm=MD5, qop=auth, nc=00000001, cnonce="0a4f113b"',
  );
  assert.equal(parseAuthorization(text), authorization);
  const old = authorizationText({ ...authorization, qop: undefined, opaque: undefined, algorithm: undefined });
  assert.not.match(old, /qop|nc=|cnonce|opaque|algorithm/);
});

test('credentials that lack a part, or count in other than eight digits, are none', () => {
  const whole = 'Digest username="a", realm="b", nonce="c", uri="sip:d", response="e"';
  assert.ok(parseAuthorization(whole));
  for (const name of ['username', 'realm', 'nonce', 'uri', 'response'])
    assert.is(parseAuthorization(whole.replace(`${name}=`, 'x=')), undefined, name);
  for (const nc of ['1', '0000000g', '000000001']) assert.is(parseAuthorization(`${whole}, nc=${nc}`), undefined, nc);
});

test.run();
