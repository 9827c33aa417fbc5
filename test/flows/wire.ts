/** A message of a flow before it is text. */
export interface Wire {
  readonly method: string;
  /** Undefined in a request. */
  readonly status: number | undefined;
  /** '' in a response. */
  readonly requestUri: string;
  /** The topmost first. */
  readonly vias: readonly Via[];
  /** Undefined in a response. */
  readonly maxForwards: number | undefined;
  readonly route: readonly string[];
  readonly recordRoute: readonly string[];
  readonly from: Side;
  readonly to: Side;
  readonly callId: string;
  readonly cseq: number;
  /** '' for none. */
  readonly contact: string;
  readonly credentials: readonly Credentials[];
  /** Those that no rule but the flow's own fills. */
  readonly fields: ReadonlyMap<string, string>;
  /** '' for none. */
  readonly sdp: string;
}

export interface Via {
  readonly transport: Transport;
  readonly host: string;
  readonly branch: string;
  /** Written by whoever got it. */
  readonly received?: string;
}

export type Transport = 'UDP' | 'TCP';

/** A From or a To. */
export interface Side {
  readonly display: string;
  readonly uri: string;
  /** '' for none. */
  readonly tag: string;
}

export interface Credentials {
  readonly realm: string;
  readonly value: string;
}

const reasons: ReadonlyMap<number, string> = new Map([
  [100, 'Trying'],
  [180, 'Ringing'],
  [200, 'OK'],
  [302, 'Moved Temporarily'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [422, 'Session Interval Too Small'],
  [480, 'Temporarily Unavailable'],
  [486, 'Busy Here'],
  [487, 'Request Terminated'],
]);

/** The message as it goes over the wire. @see RFC 3261 §7 */
export function textOf(wire: Wire): string {
  const { method, status, sdp } = wire;
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['Route', wire.route],
    ['Record-Route', wire.recordRoute],
  ];
  const lines = [
    status === undefined ? `${method} ${wire.requestUri} SIP/2.0` : `SIP/2.0 ${status} ${reasons.get(status)}`,
    ...wire.vias.map((via) => `Via: ${viaText(via)}`),
    ...lists.filter(([, values]) => values.length > 0).map(([name, values]) => `${name}: ${values.join(', ')}`),
    ...(wire.maxForwards === undefined ? [] : [`Max-Forwards: ${wire.maxForwards}`]),
    `Call-ID: ${wire.callId}`,
    `CSeq: ${wire.cseq} ${method}`,
    `From: ${sideText(wire.from)}`,
    `To: ${sideText(wire.to)}`,
    ...(wire.contact === '' ? [] : [`Contact: ${wire.contact}`]),
    ...wire.credentials.map(({ value }) => `Proxy-Authorization: ${value}`),
    ...[...wire.fields].map(([name, value]) => `${name}: ${value}`),
    ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${new TextEncoder().encode(sdp).length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${sdp}`;
}

function viaText({ transport, host, branch, received }: Via): string {
  const got = received === undefined ? '' : `;received=${received}`;
  return `SIP/2.0/${transport} ${host}:5060;branch=${branch}${got}`;
}

function sideText({ display, uri, tag }: Side): string {
  return `${display} <${uri}>${tag === '' ? '' : `;tag=${tag}`}`;
}
