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
  const host = bracket > 0 ? text.slice(1, bracket) : (text.split(':', 1)[0] ?? '');
  const behind = text.slice(bracket > 0 ? bracket + 1 : host.length).trim();
  if (host === '') return undefined;
  if (behind === '') return { host: host.trim().toLowerCase(), port: undefined };
  const port = Number(behind.slice(1));
  return behind.startsWith(':') && Number.isInteger(port) ? { host: host.toLowerCase(), port } : undefined;
}

/** `10.0.0.1:5060` or `[::1]:5060`. */
export function writeHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
