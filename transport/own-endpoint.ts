import { canonicalHost, type Endpoint, familyOf, isPort, shown } from './address.ts';
import { TransportError } from './contract.ts';

/**
 * Where a transport of ours is to listen: a numeric address that Via and Contact can name, and a port, 0 for any free one.
 *
 * @throws TransportError SIP_USAGE that says what is wrong
 */
export function ownEndpoint(protocol: 'udp' | 'tcp', options: Endpoint): Endpoint {
  if (typeof options !== 'object' || options === null)
    throw transportUsage(protocol, `needs { host, port }, not ${shown(options)}`);
  const { host, port } = options;
  if (familyOf(host) === undefined)
    throw transportUsage(protocol, `host must be a numeric address, not ${shown(host)}`);
  if (/^(0\.0\.0\.0|[0:]+)$/.test(host))
    throw transportUsage(protocol, `host ${host} is no address that a peer could send to: give one of this machine`);
  if (port !== 0 && !isPort(port)) throw transportUsage(protocol, `port must be 0 to 65535, not ${shown(port)}`);
  return { host: canonicalHost(host), port };
}

/** A wrong description of a transport. */
export function transportUsage(protocol: 'udp' | 'tcp', message: string): TransportError {
  return new TransportError('SIP_USAGE', `${protocol}(): ${message}`);
}
