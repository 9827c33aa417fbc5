import { type Endpoint, type Transport, tcp, udp } from '../../transport/index.ts';

/** By what everybody of the cast speaks. */
export const transports = ['udp', 'tcp'] as const;
export type TransportKind = (typeof transports)[number];

/** Loopback; port 0 is any free one. */
export function listening(kind: TransportKind, port = 0): Transport {
  const options = { host: '127.0.0.1', port };
  return kind === 'tcp' ? tcp(options) : udp(options);
}

export function uriOf(kind: TransportKind, { host, port }: Endpoint, user = ''): string {
  return `sip:${user}${user === '' ? '' : '@'}${host}:${port}${kind === 'tcp' ? ';transport=tcp' : ''}`;
}
