import { paramOf } from './address-value.ts';

/** A SIP URI, as far as a hop needs it (RFC 3261 §19.1). */
export interface Uri {
  readonly scheme: string;
  readonly user: string;
  /** Without brackets, in lower case. */
  readonly host: string;
  /** 5060 where none is named. */
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  readonly isLoose: boolean;
  /** `;transport=tcp;lr`. */
  readonly params: string;
}

/** Reads a URI; undefined when it is none of SIP's. */
export function parseUri(text: string): Uri | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  const headers = text.indexOf('?', colon);
  const whole = text.slice(colon + 1, headers < 0 ? undefined : headers);
  const at = whole.indexOf('@');
  const behind = whole.slice(at + 1);
  const semicolon = behind.indexOf(';');
  const params = semicolon < 0 ? '' : behind.slice(semicolon);
  const place = parseHostPort(semicolon < 0 ? behind : behind.slice(0, semicolon));
  if (place === undefined) return undefined;
  return {
    scheme,
    user: at < 0 ? '' : whole.slice(0, at),
    host: place.host,
    port: place.port ?? 5060,
    transport: paramOf(params, 'transport')?.toLowerCase() === 'tcp' ? 'tcp' : 'udp',
    isLoose: paramOf(params, 'lr') !== undefined,
    params,
  };
}

/** Reads `10.0.0.1:5060` or `[::1]`. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  const end = bracket > 0 ? bracket : colon < 0 ? text.length : colon;
  const host = text
    .slice(bracket > 0 ? 1 : 0, end)
    .trim()
    .toLowerCase();
  if (host === '') return undefined;
  if (colon < 0) return { host, port: undefined };
  const port = Number(text.slice(colon + 1));
  return Number.isInteger(port) ? { host, port } : undefined;
}

/** `10.0.0.1:5060` or `[::1]:5060`. */
export function writeHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
