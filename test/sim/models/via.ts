import { paramOf } from './address-value.ts';
import { parseHostPort } from './uri.ts';

/** One value of Via (RFC 3261 §20.42, RFC 3581). */
export interface Via {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  /** Undefined where none is named. */
  readonly port: number | undefined;
  readonly branch: string;
  readonly received: string | undefined;
  /** '' where it is asked for, undefined where it is not. */
  readonly rport: string | undefined;
  /** `;branch=z9hG4bK1;rport`. */
  readonly params: string;
}

/** Reads one value; undefined when it is none. */
export function parseVia(value: string): Via | undefined {
  const semicolon = value.indexOf(';');
  const params = semicolon < 0 ? '' : value.slice(semicolon);
  const before = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  const gap = before.lastIndexOf(' ');
  const place = parseHostPort(before.slice(gap + 1));
  if (gap < 0 || place === undefined || !/^SIP\/2\.0\//i.test(before)) return undefined;
  return {
    protocol: before.slice('SIP/2.0/'.length, gap).trim().toLowerCase() === 'tcp' ? 'tcp' : 'udp',
    host: place.host,
    port: place.port,
    branch: paramOf(params, 'branch') ?? '',
    received: paramOf(params, 'received'),
    rport: paramOf(params, 'rport'),
    params,
  };
}

/** Where a response goes that has this Via on top (RFC 3261 §18.2.2, RFC 3581 §4). */
export function responseAddress(via: Via): { readonly host: string; readonly port: number } {
  const port = via.rport === undefined || via.rport === '' ? (via.port ?? 5060) : Number(via.rport);
  return { host: via.received ?? via.host, port };
}
