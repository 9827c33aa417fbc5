import fc from 'fast-check';

/**
 * Valid messages by RFC 3261 §25, with all that the grammar leaves open: folds, white space, compact names and odd case, lists, quoted
 * strings, escapes, IPv6, UTF-8, unknown methods, parameters and header fields.
 */

/** A party of a message, as it is spelled. */
export interface Party {
  readonly display: string;
  readonly uri: string;
  readonly tag: string;
  readonly text: string;
}

export interface Hop {
  /** In lower case. */
  readonly protocol: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly branch: string;
  readonly text: string;
}

/** A message, and what it says. */
export interface Sample {
  readonly text: string;
  /** '' in a response. */
  readonly requestUri: string;
  readonly status: number;
  readonly reason: string;
  readonly method: string;
  readonly cseq: number;
  readonly from: Party;
  readonly to: Party;
  readonly callId: string;
  readonly vias: readonly Hop[];
  /** URIs. */
  readonly routes: readonly string[];
  readonly recordRoutes: readonly string[];
  /** undefined for none. */
  readonly contact: Party | undefined;
  readonly maxForwards: number | undefined;
  /** Name and value, which is unfolded. */
  readonly extension: readonly [name: string, value: string];
  readonly body: string;
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';

function textOf(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
}

export const token: fc.Arbitrary<string> = textOf(`${letters}${digits}-.!%*_+\`'~`, 1, 12);
/** SWS: may be nothing. */
const space = fc.constantFrom('', '', ' ', '\t', '  ', '\r\n ', ' \r\n\t ');
/** LWS: at least one. */
const gap = fc.constantFrom(' ', '\t', '  ', '\r\n ', ' \r\n\t ');
const escaped = fc.constantFrom('%41', '%00', '%3B', '%40', '%c3%a9', '%25');
const utf8 = fc.constantFrom('é', 'ß', '大', '🙂', 'я', '\ufeff');

const quoted: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(textOf(`${letters}${digits} ,;<>:@=?()`, 1, 4), utf8, fc.constantFrom('\\"', '\\\\', '\\\0', '\\a', '\t')),
    {
      maxLength: 6,
    },
  )
  .map((parts) => `"${parts.join('')}"`);

const hostname = fc.constantFrom('a', 'example.com', 'host-1.example.net', 'EXAMPLE.org', 'x1.y2.z.');
const ipv4 = fc.constantFrom('192.0.2.1', '10.0.0.255');
const ipv6 = fc.constantFrom('::1', '2001:db8::10', '::ffff:192.0.2.2', '2001:DB8:0:0:1:2:3:4');
const host: fc.Arbitrary<string> = fc.oneof(
  hostname,
  ipv4,
  ipv6.map((address) => `[${address}]`),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: 0 });

const maybe = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.option(text, { nil: '' });

const user = fc.array(fc.oneof(textOf(`${letters}${digits}-_.!~*'()&=+$,;?/`, 1, 5), escaped), {
  minLength: 1,
  maxLength: 4,
});
const userinfo = fc.tuple(user, maybe(textOf(`${letters}${digits}&=+$,`, 0, 5).map((secret) => `:${secret}`)));
const uriPart = fc.array(fc.oneof(textOf(`${letters}${digits}[]/:&+$-_.!~*'()`, 1, 5), escaped), {
  minLength: 1,
  maxLength: 3,
});
const uriParam = fc
  .tuple(uriPart, fc.option(uriPart))
  .map(([name, value]) => `;${name.join('')}${value === null ? '' : `=${value.join('')}`}`);
/** No name twice (RFC 3261 §19.1.1). */
const uriParams = fc.uniqueArray(fc.oneof(uriParam, fc.constantFrom(';lr', ';transport=tcp', ';maddr=192.0.2.9')), {
  maxLength: 4,
  selector: (text) => text.split('=', 1)[0]?.toLowerCase(),
});
const uriHeaders = maybe(fc.constantFrom('?a=b', '?Subject=x&Priority=%20y', '?Route=%3Csip:a%3E'));

const hostPort = fc.tuple(host, port).map(([name, number]) => (number === 0 ? name : `${name}:${number}`));
const sipAddress = fc
  .tuple(fc.constantFrom('sip:', 'sips:', 'SIP:', 'sIpS:'), fc.option(userinfo), hostPort)
  .map(([scheme, who, where]) => `${scheme}${who === null ? '' : `${who[0].join('')}${who[1]}@`}${where}`);

/** With parameters, without headers. */
const sipUri = fc.tuple(sipAddress, uriParams).map(([address, params]) => `${address}${params.join('')}`);
const otherUri = fc.constantFrom(
  'tel:+358-555-1234567;phone-context=+1',
  'urn:service:sos',
  'nobodyKnows:opaque',
  'http://a.example/b',
);

const param = fc
  .tuple(space, space, token, fc.option(fc.tuple(space, space, fc.oneof(token, quoted, host))))
  .map(
    ([before, behind, name, value]) =>
      `${before};${behind}p${name}${value === null ? '' : `${value[0]}=${value[1]}${value[2]}`}`,
  );
const params = fc.array(param, { maxLength: 3 }).map((all) => all.join(''));

const display = fc.oneof(
  fc.constant(''),
  quoted,
  fc.array(token, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
);

function party(tag: fc.Arbitrary<string>): fc.Arbitrary<Party> {
  const nameAddr = fc.tuple(display, gap, sipUri, uriHeaders).map(([name, between, uri, headers]) => {
    const whole = uri.toLowerCase().startsWith('sip') ? `${uri}${headers}` : uri;
    return { display: name, uri: whole, text: `${name}${name === '' ? '' : between}<${whole}>` };
  });
  const otherNameAddr = fc
    .tuple(quoted, otherUri)
    .map(([name, uri]) => ({ display: name, uri, text: `${name}<${uri}>` }));
  // No comma, semicolon or question mark may stand in an address without brackets.
  const addrSpec = sipAddress.filter((uri) => !/[,;?]/.test(uri)).map((uri) => ({ display: '', uri, text: uri }));
  return fc
    .tuple(fc.oneof(nameAddr, nameAddr, otherNameAddr, addrSpec), params, tag, space, space, params)
    .map(([address, before, value, left, right, behind]) => {
      const tagged = value === '' ? '' : `;${left}tag${right}=${left}${value}`;
      return { ...address, tag: value, text: `${address.text}${before}${tagged}${behind}` };
    });
}

const via: fc.Arbitrary<Hop> = fc
  .tuple(
    fc.tuple(space, space, gap, space),
    fc.constantFrom('UDP', 'TCP', 'tls', 'Ws', 'NEW'),
    host,
    port,
    token,
    params,
  )
  .map(([[a, b, c, d], transport, name, number, id, others]) => {
    const branch = `z9hG4bK${id}`;
    const where = number === 0 ? name : `${name}${d}:${d}${number}`;
    return {
      protocol: transport.toLowerCase(),
      host: name.replace(/^\[|\]$/g, ''),
      port: number,
      branch,
      text: `SIP${a}/${b}2.0${b}/${a}${transport}${c}${where}${others}${d};branch=${branch}`,
    };
  });

const route = fc
  .tuple(display, sipUri, params)
  .map(([name, uri, others]) => ({ uri, text: `${name}<${uri}>${others}` }));

/** A field's lines: its values one a line, or in one. */
function lines(name: fc.Arbitrary<string>, values: readonly string[], inOne: boolean): fc.Arbitrary<string[]> {
  if (values.length === 0) return fc.constant([]);
  const texts = inOne ? [values.join(' , ')] : values;
  return fc.tuple(...texts.map((text) => field(name, text)));
}

function field(name: fc.Arbitrary<string>, value: string): fc.Arbitrary<string> {
  return fc.tuple(name, fc.constantFrom('', ' ', '\t '), space, space).map(([n, blank, before, behind]) => {
    // A value that is nothing but a fold would be an empty line to some.
    return `${n}${blank}:${before}${value}${value === '' ? '' : behind.replace(/\r\n[ \t]*$/, '')}\r\n`;
  });
}

function named(...forms: string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...forms.flatMap((form) => [form, form.toLowerCase(), form.toUpperCase()]));
}

const extensionValue = fc
  .array(fc.oneof(textOf(`${letters}${digits},;:="<>\\`, 1, 8), utf8), { minLength: 0, maxLength: 5 })
  .map((words) => ({ value: words.join(' '), text: words.join('\r\n \t') }));

const method = fc.oneof(
  fc.constantFrom('INVITE', 'BYE', 'UPDATE', 'INFO', 'OPTIONS'),
  token.map((name) => `X${name}`),
);

/** What a message is made of. */
const parts = fc.record({
  isRequest: fc.boolean(),
  method,
  requestUri: fc.oneof(sipUri, otherUri),
  status: fc.integer({ min: 100, max: 699 }),
  reason: fc.array(fc.oneof(token, utf8, fc.constant(' ')), { maxLength: 4 }).map((words) => words.join('')),
  cseq: fc.integer({ min: 0, max: 0x7fff_ffff }),
  zeros: fc.constantFrom('', '0', '000'),
  gap,
  from: party(token),
  to: party(fc.oneof(token, fc.constant(''))),
  callId: fc.tuple(token, maybe(textOf(`${letters}${digits}<>()[]{}"\\/?:@`, 1, 8))).map((words) => words.join('@')),
  vias: fc.array(via, { minLength: 1, maxLength: 4 }),
  routes: fc.array(route, { maxLength: 3 }),
  recordRoutes: fc.array(route, { maxLength: 3 }),
  contact: fc.option(party(fc.constant('')), { nil: undefined }),
  maxForwards: fc.option(fc.nat(255), { nil: undefined }),
  extensionName: token.map((name) => `X-${name}`),
  extension: extensionValue,
  body: fc.oneof(fc.constant(''), fc.string({ maxLength: 40 }), fc.constantFrom('\r\n\r\n\0', 'v=0\r\n')),
  hasLength: fc.boolean(),
  inOne: fc.boolean(),
});

export const validMessage: fc.Arbitrary<Sample> = parts.chain((part) => {
  const { contact, maxForwards, extension, extensionName, inOne, body } = part;
  const size = new TextEncoder().encode(body).length;
  const fields: fc.Arbitrary<string[]>[] = [
    lines(
      named('Via', 'v'),
      part.vias.map(({ text }) => text),
      inOne,
    ),
    lines(named('From', 'f'), [part.from.text], inOne),
    lines(named('To', 't'), [part.to.text], inOne),
    lines(named('Call-ID', 'i'), [part.callId], inOne),
    lines(named('CSeq'), [`${part.zeros}${part.cseq}${part.gap}${part.method}`], inOne),
    lines(
      named('Route'),
      part.routes.map(({ text }) => text),
      inOne,
    ),
    lines(
      named('Record-Route'),
      part.recordRoutes.map(({ text }) => text),
      inOne,
    ),
    lines(named('Contact', 'm'), contact === undefined ? [] : [contact.text], inOne),
    lines(named('Max-Forwards'), maxForwards === undefined ? [] : [`${part.zeros}${maxForwards}`], inOne),
    lines(fc.constant(extensionName), [extension.text], inOne),
    lines(named('Content-Length', 'l'), part.hasLength ? [String(size)] : [], inOne),
  ];
  const requestUri = part.isRequest ? part.requestUri : '';
  const start = part.isRequest ? `${part.method} ${requestUri} SIP/2.0` : `SIP/2.0 ${part.status} ${part.reason}`;
  return fc
    .tuple(...fields)
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    .map((all) => ({
      text: `${start}\r\n${all.flat().join('')}\r\n${body}`,
      requestUri,
      status: part.isRequest ? 0 : part.status,
      reason: part.isRequest ? '' : part.reason,
      method: part.method,
      cseq: part.cseq,
      from: part.from,
      to: part.to,
      callId: part.callId,
      vias: part.vias,
      routes: part.routes.map(({ uri }) => uri),
      recordRoutes: part.recordRoutes.map(({ uri }) => uri),
      contact,
      maxForwards,
      extension: [extensionName, extension.value],
      body,
    }));
});
