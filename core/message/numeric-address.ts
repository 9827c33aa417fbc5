import type { Address } from '../contract.ts';
import { equalsText } from './bytes.ts';
import type { Span } from './span.ts';
import { parseUri, UriView } from './uri.ts';

const view: UriView = new UriView();

/**
 * Where a SIP URI with a numeric host leads, or with a numeric `maddr`, which stands for the host; undefined when that is a name
 * or it is no SIP URI.
 *
 * @see RFC 3263 §4; RFC 3261 §19.1.1
 */
export function addressOf(bytes: Uint8Array, start: number, end: number): Address | undefined {
  if (!parseUri(bytes, start, end, view) || view.scheme !== 'sip') return undefined;
  const span = hostOf(view);
  const host = ascii(bytes, span.start, span.end);
  return isNumericHost(host) ? { protocol: protocolOf(view), host, port: portOf(view) } : undefined;
}

/** Whether a URI leads to `address`: the same, without making an address of it. */
export function leadsTo(bytes: Uint8Array, start: number, end: number, address: Address): boolean {
  if (!parseUri(bytes, start, end, view) || view.scheme !== 'sip') return false;
  const host = hostOf(view);
  return (
    portOf(view) === address.port &&
    protocolOf(view) === address.protocol &&
    equalsText(bytes, host.start, host.end, address.host)
  );
}

function hostOf({ host, maddr }: UriView): Span {
  return maddr.end > maddr.start ? maddr : host;
}

function protocolOf({ transport }: UriView): string {
  return transport === '' ? 'udp' : transport;
}

function portOf({ port }: UriView): number {
  return port === 0 ? 5060 : port;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Whether a host is an IPv4 or IPv6 literal rather than a name. */
export function isNumericHost(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** The same for a URI as text. */
export function addressOfText(uri: string): Address | undefined {
  const bytes = new TextEncoder().encode(uri);
  return addressOf(bytes, 0, bytes.length);
}
