import type { Address } from '../contract.ts';
import { prepared } from './write.ts';

/** What Via, Contact and Route say of an address. IPv6 literals stand in brackets. @see RFC 3261 §18.1.1, §25.1 */
export function hostPort(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** A SIP URI of an address, without a user. */
export function sipUri(address: Address): string {
  return address.protocol === 'udp'
    ? `sip:${hostPort(address)}`
    : `sip:${hostPort(address)};transport=${address.protocol}`;
}

/** A SIP URI of an address for From and To, where no transport may stand. @see RFC 3261 §19.1.1 table 1 */
export function identityUri(address: Address): string {
  return `sip:${hostPort(address)}`;
}

/**
 * The start of a Via header of ours, up to the value of its branch. `rport` asks for symmetric responses; on a stream they are
 * that anyway.
 *
 * @see RFC 3581 §3
 */
export function viaPrefix(local: Address): Uint8Array {
  const { protocol } = local;
  const rport = protocol === 'udp' ? 'rport;' : '';
  return prepared(`Via: SIP/2.0/${protocol.toUpperCase()} ${hostPort(local)};${rport}branch=`);
}
