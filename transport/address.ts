import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Where something listens: a numeric host and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export type Family = 'ipv4' | 'ipv6';

/** The family of a numeric host; undefined when it is a name or nonsense. */
export function familyOf(host: string): Family | undefined {
  if (typeof host !== 'string') return undefined; // from a program without types
  if (isIPv4(host)) return 'ipv4';
  return isIPv6(host) ? 'ipv6' : undefined;
}

/** A numeric host in the one spelling in which the kernel reports it, so that texts can be compared. */
export function canonicalHost(host: string): string {
  if (!isIPv6(host)) return host;
  // SocketAddress drops the zone, without which a link-local address reaches nobody.
  const zoneAt = host.indexOf('%');
  const zone = zoneAt < 0 ? '' : host.slice(zoneAt);
  return new SocketAddress({ address: host, family: 'ipv6' }).address + zone;
}

/** True for a port that a peer can have: 1–65535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

/** A value as an error names it, whatever a program without types has given: `String` would throw on some. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** `host:port` for people, with brackets around IPv6. */
export function endpointText(endpoint: Endpoint): string {
  const { host, port } = endpoint;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One map key for a host and port: a space occurs in neither. */
export function endpointKey(host: string, port: number): string {
  return `${host} ${port}`;
}
