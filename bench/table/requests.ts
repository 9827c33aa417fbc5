import { placesIn, writeDigits } from './digits.ts';

/*
 * Requests as they come through two proxies, and what they are answered; of each run of # there are as many digits of a
 * call's own.
 */
const vias = [
  'Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bKa7c1########e2f05b',
  'Via: SIP/2.0/UDP 198.51.100.61:5060;branch=z9hG4bK0d3b########77a9c4;rport=5060',
  'Via: SIP/2.0/UDP 198.51.100.23:49152;branch=z9hG4bK5e81########c03d16;rport=49152',
];
const recordRoutes = [
  'Record-Route: <sip:192.0.2.17:5060;lr;ftag=########>',
  'Record-Route: <sip:198.51.100.61:5060;lr;ftag=########>',
];
const from = 'From: <sip:+1415########@carrier.example.net>;tag=################################';
const to = 'To: <sip:+1628########@carrier.example.net>';
const toTag = ';tag=################################';
const callId = 'Call-ID: ################################@198.51.100.23';
const session = [
  'v=0',
  'o=- 1 1 IN IP4 203.0.113.70',
  's=-',
  'c=IN IP4 203.0.113.70',
  't=0 0',
  'm=audio 40000 RTP/AVP 8 101',
  '',
].join('\r\n');

export type Method = 'INVITE' | 'BYE' | 'INFO';

/** A request and its 200 as octets, of one call at a time. */
export class Exchange {
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly #requestPlaces: readonly number[];
  readonly #responsePlaces: readonly number[];

  constructor(method: Method) {
    const isInvite = method === 'INVITE';
    // Each request has branches of its own.
    const paths = vias.map((via) => via.replace('z9hG4bK', `z9hG4bK${method}`));
    const cseq = `CSeq: ${isInvite ? 1 : 2} ${method}`;
    const body = isInvite ? session : '';
    const request = messageOf(
      [
        `${method} sip:gateway-07@203.0.113.70:5060 SIP/2.0`,
        ...paths,
        ...(isInvite ? recordRoutes : []),
        'Max-Forwards: 68',
        from,
        isInvite ? to : to + toTag,
        callId,
        cseq,
        'Contact: <sip:+1415########@198.51.100.23:49152>',
      ],
      body,
    );
    const established = [
      ...recordRoutes,
      'Contact: <sip:203.0.113.70:5060>',
      'Allow: INVITE, ACK, BYE, CANCEL, UPDATE',
    ];
    const response = messageOf(
      ['SIP/2.0 200 OK', ...paths, from, to + toTag, callId, cseq, ...(isInvite ? established : [])],
      body,
    );
    this.#requestPlaces = placesIn(request);
    this.#responsePlaces = placesIn(response);
    this.request = new TextEncoder().encode(request);
    this.response = new TextEncoder().encode(response);
  }

  write(call: number): void {
    writeDigits(this.request, this.#requestPlaces, call);
    writeDigits(this.response, this.#responsePlaces, call);
  }
}

function messageOf(lines: readonly string[], body: string): string {
  return `${[...lines, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}
