/** The two messages that every parser reads: composed here, so that their sizes are what we say they are. */
export interface Sample {
  readonly name: 'UPDATE' | 'INVITE';
  /** What there is to reach on one core, in messages a second. */
  readonly goal: number;
  readonly bytes: Buffer;
}

/** A heal as it comes in by two proxies: no body, and with all that says which route the dialog takes from now on. */
const update: readonly string[] = [
  'UPDATE sip:ivr@192.0.2.80:5062 SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.61:5060;rport;branch=z9hG4bKe7qk2m4xw9pd3v5n',
  'Max-Forwards: 69',
  'Route: <sip:192.0.2.71;lr>',
  'Record-Route: <sip:192.0.2.61;lr>',
  'From: <sip:4930@example.net>;tag=b6h3x9t2m7c5r8kq',
  'To: <sip:ivr@example.com>;tag=p4w8z1d6n3j7f2vs',
  'Call-ID: k8t3v6y1c9x4m7q2@192.0.2.50',
  'CSeq: 7341 UPDATE',
  'Contact: <sip:4930@192.0.2.50:5060>',
  'Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO',
  'Supported: timer, ms-dialog-route-set-update',
  'Session-Expires: 1800;refresher=uac',
  'Content-Length: 0',
];

/** A call that comes in by three hops, two of which stay on its path, with an offer of audio. */
const offer: readonly string[] = [
  'v=0',
  'o=media 6120457 1 IN IP4 192.0.2.90',
  's=-',
  'c=IN IP4 192.0.2.90',
  't=0 0',
  'm=audio 40112 RTP/AVP 8 0 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=ptime:20',
  'a=sendrecv',
];

const invite: readonly string[] = [
  'INVITE sip:+4930555017@gw.example.com:5060;transport=udp;user=phone SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.61:5060;branch=z9hG4bK5c1t9w3m8x2r6k4v.1',
  'Via: SIP/2.0/UDP 192.0.2.62:5060;received=192.0.2.63;branch=z9hG4bK8v4n2q7z',
  'Via: SIP/2.0/TCP pbx.example.net:5060;rport=41544;branch=z9hG4bK3d6h9s1f',
  'Record-Route: <sip:192.0.2.61;lr;ftag=q7>, <sip:192.0.2.62:5060;transport=tcp;lr>',
  'Max-Forwards: 67',
  'From: "Reception, first floor" <sip:4930@example.net>;tag=x2v7k4t9',
  'To: <sip:+4930555017@example.com;user=phone>',
  'Call-ID: 9f4c1e7a-62b8-4d03-a5c9-18e7f0b3d264',
  'CSeq: 102 INVITE',
  'Contact: <sip:4930@192.0.2.50:5060;transport=tcp>',
  'Allow: INVITE, ACK, CANCEL, BYE, UPDATE, INFO, REFER, PRACK, NOTIFY',
  'Supported: timer, 100rel, replaces',
  'Session-Expires: 1800;refresher=uac',
  'Min-SE: 90',
  'User-Agent: Example PBX 4.2 (stable)',
  'Content-Type: application/sdp',
];

export const samples: readonly Sample[] = [
  { name: 'UPDATE', goal: 500_000, bytes: compose(update) },
  { name: 'INVITE', goal: 400_000, bytes: compose(invite, offer) },
];

function compose(head: readonly string[], body?: readonly string[]): Buffer {
  if (body === undefined) return Buffer.from(`${lines(head)}\r\n`);
  const content = lines(body);
  return Buffer.from(`${lines(head)}Content-Length: ${content.length}\r\n\r\n${content}`);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\r\n`).join('');
}

/**
 * The same message many times, at offsets of many kinds in memory of its own or shared, as a Buffer or a plain Uint8Array:
 * what a socket, a stream's framer and a ring give a parser. A parser that were always given one object could be compiled for it alone.
 */
export function copiesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const copies: Uint8Array[] = [];
  const shared = Buffer.alloc(8 * (bytes.length + 64));
  for (let i = 0; i < 8; i++) {
    const offset = i * (bytes.length + 7) + i;
    shared.set(bytes, offset);
    copies.push(shared.subarray(offset, offset + bytes.length));
    copies.push(i % 2 === 0 ? new Uint8Array(bytes) : Buffer.from(bytes));
  }
  return copies;
}
