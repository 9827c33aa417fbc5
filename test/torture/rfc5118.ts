import { allow, type TortureCase } from './torture-case.ts';

/** What a message of RFC 5118 says, before it is text. */
interface Spoken {
  /** Method and Request-URI. */
  readonly line: string;
  readonly to: string;
  readonly from: string;
  /** What follows `SIP/2.0/`, the topmost first. */
  readonly vias: readonly string[];
  readonly callId: string;
  readonly cseq: number;
  readonly contact?: string;
  /** Network type and address: of the session, where it has one, and of each of its media. */
  readonly media?: readonly string[];
  readonly session?: string;
  /** In what order its header fields stand, one letter each: To, From, Via, Call-I(D), M(ax-Forwards), C(ontact), (C)S(eq). */
  readonly order: string;
}

const usual: Omit<Spoken, 'line'> = {
  to: 'sip:user@example.com',
  from: 'sip:user@example.com;tag=81x2',
  vias: ['UDP [2001:db8::9:1];branch=z9hG4bKas3-111'],
  callId: 'SSG9559905523997077@hlau_4100',
  cseq: 98_176,
  contact: '"Caller" <sip:caller@[2001:db8::1]>',
  order: 'TFVIMCS',
};

const usualFacts = {
  fromUri: 'sip:user@example.com',
  fromTag: '81x2',
  maxForwards: 70,
  callId: 'SSG9559905523997077@hlau_4100',
} as const;

interface Told extends TortureCase {
  readonly spoken: Spoken;
}

const register = (
  name: string,
  section: string,
  uri: string,
  order: string,
): Pick<Told, 'name' | 'section' | 'spoken'> => ({
  name,
  section,
  spoken: { ...usual, line: `REGISTER ${uri}`, order },
});

const registerFacts = {
  ...usualFacts,
  method: 'REGISTER',
  scheme: 'sip',
  user: '',
  cseq: 98_176,
  vias: ['udp [2001:db8::9:1]'],
  branch: 'z9hG4bKas3-111',
  contacts: 1,
  contactDisplay: '"Caller"',
  contactUri: 'sip:caller@[2001:db8::1]',
  bodySize: 0,
} as const;

const noDialog = '481 Call/Transaction Does Not Exist';
const notAllowed = { answer: '405 Method Not Allowed', answerFields: allow } as const;

const told: readonly Told[] = [
  {
    ...register('ipv6-good', '4.1', 'sip:[2001:db8::10]', 'TFVIMCS'),
    verdict: 'taken',
    facts: { ...registerFacts, host: '2001:db8::10', port: 0 },
    ...notAllowed,
  },
  {
    ...register('ipv6-bad', '4.2', 'sip:2001:db8::10', 'TFVIMCS'),
    verdict: 'request-uri',
    facts: { method: 'REGISTER', requestUri: 'sip:2001:db8::10', vias: ['udp [2001:db8::9:1]'] },
    answer: '400 Malformed Request-URI',
  },
  {
    ...register('port-ambiguous', '4.3', 'sip:[2001:db8::10:5070]', 'TFVICMS'),
    verdict: 'taken',
    facts: { ...registerFacts, host: '2001:db8::10:5070', port: 0 },
    ...notAllowed,
  },
  {
    ...register('port-unambiguous', '4.4', 'sip:[2001:db8::10]:5070', 'TFVICMS'),
    verdict: 'taken',
    facts: { ...registerFacts, host: '2001:db8::10', port: 5070 },
    ...notAllowed,
  },
  {
    name: 'via-received-param-with-delim',
    section: '4.5',
    spoken: {
      ...usual,
      line: 'BYE sip:[2001:db8::10]',
      to: 'sip:user@example.com;tag=bd76ya',
      vias: ['UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111'],
      cseq: 321,
      order: 'TFVIMS',
    },
    verdict: 'taken',
    facts: {
      ...usualFacts,
      method: 'BYE',
      toTag: 'bd76ya',
      vias: ['udp [2001:db8::9:1]'],
      received: '2001:db8::9:255',
      branch: 'z9hG4bKas3-111',
      contact: 'absent',
    },
    answer: noDialog,
  },
  {
    name: 'via-received-param-no-delim',
    section: '4.5',
    spoken: {
      ...usual,
      line: 'OPTIONS sip:[2001:db8::10]',
      vias: ['UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3'],
      callId: 'SSG95523997077@hlau_4100',
      cseq: 921,
      contact: '"Caller" <sip:caller@[2001:db8::9:1]>',
    },
    verdict: 'taken',
    facts: {
      method: 'OPTIONS',
      vias: ['udp [2001:db8::9:1]'],
      received: '2001:db8::9:255',
      branch: 'z9hG4bKas3',
      callId: 'SSG95523997077@hlau_4100',
      cseq: 921,
      contactUri: 'sip:caller@[2001:db8::9:1]',
    },
    answer: '200 OK',
  },
  {
    name: 'ipv6-in-sdp',
    section: '4.6',
    spoken: {
      ...usual,
      line: 'INVITE sip:user@[2001:db8::10]',
      to: 'sip:user@[2001:db8::10]',
      vias: ['UDP [2001:db8::20];branch=z9hG4bKas3-111'],
      cseq: 8612,
      contact: '"Caller" <sip:caller@[2001:db8::20]>',
      session: 'IP6 2001:db8::20',
      media: ['', ''],
      order: 'TFVICSM',
    },
    verdict: 'taken',
    facts: {
      ...usualFacts,
      method: 'INVITE',
      user: 'user',
      host: '2001:db8::10',
      toUri: 'sip:user@[2001:db8::10]',
      toUser: 'user',
      vias: ['udp [2001:db8::20]'],
      cseq: 8612,
      contactUri: 'sip:caller@[2001:db8::20]',
      fields: { 'Content-Type': 'application/sdp' },
    },
    answer: '200 OK',
  },
  {
    name: 'mult-ip-in-header',
    section: '4.7',
    spoken: {
      line: 'BYE sip:user@host.example.net',
      to: 'sip:user@example.net;tag=9817--94',
      from: usual.from,
      vias: [
        'UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
        'UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
        'TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200',
      ],
      callId: '997077@lau_4100',
      cseq: 89_187,
      order: 'VIMSTF',
    },
    verdict: 'taken',
    facts: {
      method: 'BYE',
      host: 'host.example.net',
      vias: ['udp [2001:db8::9:1]:6050', 'udp 192.0.2.1', 'tcp [2001:db8::9:255]'],
      toTag: '9817--94',
      fromTag: '81x2',
      callId: '997077@lau_4100',
      cseq: 89_187,
      bodySize: 0,
    },
    answer: noDialog,
  },
  {
    name: 'mult-ip-in-sdp',
    section: '4.8',
    spoken: {
      ...usual,
      line: 'INVITE sip:user@[2001:db8::10]',
      to: 'sip:user@[2001:db8::10]',
      cseq: 8912,
      contact: '"Caller" <sip:caller@[2001:db8::9:1]>',
      media: ['IP4 192.0.2.1', 'IP6 2001:db8::1'],
      order: 'TFVICMS',
    },
    verdict: 'taken',
    facts: {
      ...usualFacts,
      method: 'INVITE',
      host: '2001:db8::10',
      vias: ['udp [2001:db8::9:1]'],
      cseq: 8912,
      contactUri: 'sip:caller@[2001:db8::9:1]',
    },
    answer: '200 OK',
  },
  {
    name: 'ipv4-mapped-ipv6',
    section: '4.9',
    spoken: {
      ...usual,
      line: 'INVITE sip:user@example.com',
      from: 'sip:user@east.example.com;tag=81x2',
      vias: ['UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19', 'UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111'],
      cseq: 612,
      contact: '"T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
      session: 'IP6 ::ffff:192.0.2.2',
      media: ['', ''],
      order: 'TFVICSM',
    },
    verdict: 'taken',
    facts: {
      method: 'INVITE',
      fromUri: 'sip:user@east.example.com',
      vias: ['udp [::ffff:192.0.2.10]:19823', 'udp [::ffff:192.0.2.2]'],
      branch: 'z9hG4bKbh19',
      cseq: 612,
      contactDisplay: '"T. desk phone"',
      contactUri: 'sip:ted@[::ffff:192.0.2.2]',
    },
    answer: '200 OK',
  },
  {
    name: 'ipv6-bug-abnf-3-colons',
    section: '4.10',
    spoken: {
      ...usual,
      line: 'OPTIONS sip:user@[2001:db8:::192.0.2.1]',
      to: 'sip:user@[2001:db8:::192.0.2.1]',
      from: 'sip:user@example.com;tag=810x2',
      vias: ['UDP lab1.east.example.com;branch=z9hG4bKas3-111'],
      callId: 'G9559905523997077@hlau_4100',
      cseq: 689,
      order: 'TFVISM',
    },
    verdict: 'taken',
    facts: { method: 'OPTIONS', user: 'user', host: '2001:db8:::192.0.2.1', vias: ['udp lab1.east.example.com'] },
    answer: '200 OK',
  },
  {
    name: 'ipv6-correct-abnf-2-colons',
    section: '4.10',
    spoken: {
      ...usual,
      line: 'OPTIONS sip:user@[2001:db8::192.0.2.1]',
      to: 'sip:user@[2001:db8::192.0.2.1]',
      from: 'sip:user@example.com;tag=810x2',
      vias: ['UDP lab1.east.example.com;branch=z9hG4bKas3-111'],
      callId: 'G9559905523997077@hlau_4100',
      cseq: 689,
      order: 'TFVISM',
    },
    verdict: 'taken',
    facts: {
      method: 'OPTIONS',
      user: 'user',
      host: '2001:db8::192.0.2.1',
      vias: ['udp lab1.east.example.com'],
      cseq: 689,
    },
    answer: '200 OK',
  },
];

/** The 12 messages of RFC 5118. */
export const rfc5118: readonly (TortureCase & { readonly bytes: Uint8Array })[] = told.map(({ spoken, ...about }) => ({
  ...about,
  bytes: new TextEncoder().encode(composed(spoken)),
}));

function composed(spoken: Spoken): string {
  const { line, to, from, vias, callId, cseq, contact, order } = spoken;
  const [method = ''] = line.split(' ');
  const fields: Readonly<Record<string, readonly string[]>> = {
    T: [`To: ${to}`],
    F: [`From: ${from}`],
    V: vias.map((via) => `Via: SIP/2.0/${via}`),
    I: [`Call-ID: ${callId}`],
    M: ['Max-Forwards: 70'],
    C: [`Contact: ${contact}`],
    S: [`CSeq: ${cseq} ${method}`],
  };
  const body = sessionOf(spoken);
  const lines = [
    `${line} SIP/2.0`,
    ...Array.from(order).flatMap((letter) => fields[letter] ?? []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A session whose addresses are what matters. */
function sessionOf({ media = [], session }: Spoken): string {
  if (media.length === 0) return '';
  const connection = (address: string | undefined): string[] => (address ? [`c=IN ${address}`] : []);
  const lines = [
    'v=0',
    `o=- 1 1 IN ${session ?? media[0]}`,
    's=-',
    ...connection(session),
    't=0 0',
    ...media.flatMap((address, i) => [
      `m=${i === 0 ? 'audio' : 'video'} ${6000 + 24 * i} RTP/AVP 0`,
      ...connection(address),
    ]),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
