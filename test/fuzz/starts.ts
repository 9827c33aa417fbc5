import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../bench/package-root.ts';
import { compose } from '../flows/composer.ts';
import { flows } from '../flows/rfc3665.ts';
import { sessionTimerFlow } from '../flows/rfc4028.ts';
import { request, response } from '../message/sample.ts';

const encoder = new TextEncoder();

/** RFC 4475's messages, as the package `sip` has them. */
const torture = join(packageRoot(), 'node_modules/sip/test/messages');

/** Messages to begin with: whole calls, messages that carry every header field that we read, and crooked ones where they are installed. */
export function startingMessages(): Uint8Array[] {
  const calls = [...flows.values(), sessionTimerFlow].flatMap((flow) => compose(flow).map(({ text }) => text));
  return [...fullMessages(), ...calls.map((text) => encoder.encode(text)), ...tortureMessages()];
}

function tortureMessages(): Uint8Array[] {
  if (!existsSync(torture)) return [];
  const names = readdirSync(torture).filter((name) => name.endsWith('.dat'));
  return names.sort().map((name) => new Uint8Array(readFileSync(join(torture, name))));
}

function fullMessages(): Uint8Array[] {
  const digest = 'username="a", realm="r", nonce="n", uri="sip:b.example", response="0123", qop=auth, nc=00000001';
  return [
    request(
      'INVITE sip:bob:pw@b.example:5060;transport=tcp;lr SIP/2.0',
      {
        Via: ['SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bK1;received=2001:db8::2, SIP/2.0/TCP b:1;x="a\\"b,;"'],
        From: '"Alice \\" <A>" <sip:alice@a.example;user=phone>;tag=1',
        To: '<sip:bob@b.example>',
        CSeq: '1 INVITE',
        Contact:
          '"Bob, B." <sip:bob@192.0.2.4:5060;transport=tcp;method=INVITE;maddr=[::1]?Subject=x&To=y>;expires=3600;q=0.7',
        Route: ['<sip:p1.example;lr>;x=1, <sips:p2.example>', '<sip:[::1]:1;%6Cr>'],
        'Record-Route': ['"r" <sip:r1.example;lr;ftag=1>', '<sip:r2.example;lr>,<sips:r3.example;lr>'],
        'Session-Expires': '1800;refresher=uac',
        'Min-SE': '90',
        'Max-Forwards': '70',
        Expires: '3600',
        Timestamp: '1.5',
        Supported: 'timer, 100rel, replaces, ms-dialog-route-set-update',
        Require: '100rel',
        Allow: 'INVITE, UPDATE, ACK',
        Replaces: 'a@b;to-tag=1;from-tag=2;early-only',
        Date: 'Sat, 01 Jan 2000 12:30:00 GMT',
        Authorization: `Digest ${digest}, cnonce="c\\"", algorithm=SHA-256, opaque="o"`,
        'Proxy-Authorization': [`Digest ${digest}`, 'Basic YTpi'],
        Subject: 'folded\r\n\tonce \r\n  and again, Grüße',
        'Content-Type': 'application/sdp',
        'Content-Length': '5',
      },
      'v=0\r\n',
    ),
    // One URI in many spellings, to be compared.
    request('INVITE sip:b%6Fb@[2001:db8::1];user=phone;x=%61 SIP/2.0', {
      From: '<sip:bob@[2001:DB8:0:0::1];USER=phone>;tag=1',
      To: '<sip:bob@[2001:db8::0.0.0.1];user=phone;y=1>',
      CSeq: '1 INVITE',
      Contact: '<sip:bob@[2001:db8::1];user=phone?Subject=%78&Call-ID=a%3Bb>;expires=1',
      Route: '<sip:bob:p@192.0.2.1:5060;lr>,<sip:bob:%70@192.0.2.1:5060;%6Cr>',
      'Session-Expires': '90;refresher=uas;x',
      'P-Dialog-Recovery-Action': 'Registration-Route-Set-Update',
      Date: 'Sun, 31 Dec 2034 23:59:60 GMT',
    }),
    request('PRACK sips:bob@b.example SIP/2.0', { CSeq: '3 PRACK', RAck: '1 2 INVITE', 'Content-Length': '0' }),
    request('OPTIONS tel:+1-201-555-0123;phone-context=x SIP/2.0', { CSeq: '1 OPTIONS', Contact: '*' }),
    response(
      'SIP/2.0 430 Flow Failed',
      {
        'P-Dialog-Recovery-Action': ['Dialog-Route-Set-Update,\r\n Wait-For-Session-Update', 'x'],
        'Retry-After': '5 (why);duration=3',
        RSeq: '1',
        Contact: 'sip:a@192.0.2.1, <sip:b>',
        Require: '100rel',
        'Content-Length': '4',
      },
      'body',
    ),
    response('SIP/2.0 401 Unauthorized', {
      'WWW-Authenticate': [
        'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o\\"", stale=TRUE',
        'Digest realm="r", nonce="n"',
      ],
      'Proxy-Authenticate': 'Digest realm="p", nonce="n\\\\", algorithm=MD5-sess, qop="auth-int"',
      'Record-Route': '<sip:r1.example;lr>, <sip:r2.example>',
      Contact: '<sip:bob@192.0.2.4>',
      'Content-Length': '0',
    }),
  ];
}
