import { HeaderId, headerName } from '../../core/message/header.ts';

const encoder = new TextEncoder();

/** The header fields that we know, as they are usually spelled. */
const headerNames: readonly string[] = Object.values(HeaderId)
  .map(headerName)
  .filter((name) => name !== '');

const compactNames = 'v f t i m k c l x o s e r b u a d j n y'.split(' ');

const lineEnds = ['\r\n', '\r', '\n', '\r\n\r\n', '\r\n ', '\r\n\t', ' \r\n \r\n ', '\r\n\r\n\r\n', '\n\n', '\r\r\n'];

const startLines = [
  'INVITE sip:bob@b.example SIP/2.0\r\n',
  'ACK sip:b.example SIP/2.0\r\n',
  'UPDATE sips:b.example;lr SIP/2.0\r\n',
  'OPTIONS tel:+1-201-555-0123;phone-context=x SIP/2.0\r\n',
  'REGISTER urn:service:sos SIP/2.0\r\n',
  'SIP/2.0 200 OK\r\n',
  'SIP/2.0 100 \r\n',
  'SIP/2.0 401 x\r\n',
  'sip/2.0 699\r\n',
  'INVITE sip:b SIP/3.0\r\n',
];

const methods = 'INVITE ACK BYE CANCEL UPDATE OPTIONS PRACK INFO SUBSCRIBE NOTIFY REFER MESSAGE PUBLISH !x'.split(' ');

const uris = [
  'sip:',
  'sips:',
  'tel:',
  'SIP:',
  '<sip:',
  '<sip:a>',
  '<sip:p1.example;lr>',
  '<sip:p1.example;lr>, <sip:p2.example;lr>',
  '<sip:p1.example;%6cr>',
  '<sip:p1.example>;lr',
  '"A, \\"B\\"" <sip:a:pw@[2001:db8::1]:5060;transport=tcp;maddr=192.0.2.1?Subject=x&Priority=y>',
  'sip:a;b=c?d@e.example:65535',
  ';lr',
  ';lr=on',
  ';transport=tcp',
  ';transport=UDP',
  ';maddr=[::1]',
  ';user=phone',
  ';method=BYE',
  ';ttl=1',
  '?Replaces=a%3Bto-tag%3Db',
  '&x=y',
  '%00',
  '%0d%0a',
  '%3b',
  '%61',
  '%',
  '[::1]',
  '[::ffff:192.0.2.1]',
  '[1:2:3:4:5:6:7:8]',
  '[',
  ']',
  '192.0.2.1',
  '01.2.3.4',
  ':5060',
  ':0',
  ':65536',
  '@',
  '*',
];

const params = [
  ';tag=a',
  ';TAG=b',
  ';tag',
  ';tag=""',
  ';branch=z9hG4bKa',
  ';branch=',
  ';rport',
  ';rport=5060',
  ';rport=0',
  ';received=192.0.2.1',
  ';received=[::1]',
  ';received=',
  ';refresher=uac',
  ';refresher=uas',
  ';to-tag=a',
  ';from-tag=b',
  ';early-only',
  ';expires=0',
  ';q=0.7',
  ';x="',
  ';x="a\\"b,;"',
  ';x=a==',
  ';\xe4=\xf6',
  '; ',
  ' = ',
  ';;',
  ',,',
];

const signs = [
  '"',
  '\\',
  '\\"',
  '<',
  '>',
  '<>',
  '(',
  ')',
  '\0',
  '\x7f',
  '\xff',
  '\xe2\x82',
  'ä',
  '€',
  '😀',
  '\ufeff',
  '/',
  '=',
  '-',
  '.',
];

const numbers = [
  ...['0', '1', '00', '-1', '+1', '1.0', '70', '255', '256', '1800', '32767', '65535', '65536', '65537', '99999'],
  ...[
    '2147483647',
    '2147483648',
    '4294967295',
    '4294967296',
    '9007199254740993',
    '999999999999999',
    '1000000000000000',
  ],
  ...['18446744073709551616', '1'.repeat(400), '1e3', '0x10', ' 1', '١'],
];

const values = [
  'SIP/2.0/UDP a',
  'SIP / 2.0 / TCP [::1]:5060',
  'SIP/2.0/TLS a;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP b;rport',
  '1 INVITE',
  '2147483647 ACK',
  '1800;refresher=uac',
  '90',
  '5 (a comment (in another))',
  '5;duration=3600',
  '1 2 INVITE',
  'timer, 100rel',
  'replaces',
  'Dialog-Route-Set-Update',
  'Wait-For-Session-Update, Registration-Route-Set-Update',
  'INVITE, UPDATE',
  'application/sdp',
  'multipart/mixed;boundary="-"',
  'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o\\"", stale=TRUE',
  'Digest realm="r", nonce="n", algorithm=MD5-sess',
  'Digest username="u", realm="r", nonce="n", uri="sip:a", response="0123", qop=auth, nc=00000001, cnonce="c"',
  'a@b;to-tag=1;from-tag=2',
  'Sat, 01 Jan 2000 00:00:59 GMT',
  'Sun, 31 Feb 9999 23:59:60 GMT',
  'v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\n',
];

/** Pieces of SIP that chance would not make. */
export const words: readonly Uint8Array[] = [
  ...headerNames.map((name) => `${name}: `),
  ...compactNames.map((name) => `\r\n${name}:`),
  ...lineEnds,
  ...startLines,
  ...methods,
  ...uris,
  ...params,
  ...signs,
  ...numbers,
  ...values,
].map((word) => encoder.encode(word));

/** What may stand where a number stands. */
export const numberWords: readonly Uint8Array[] = numbers.map((number) => encoder.encode(number));
