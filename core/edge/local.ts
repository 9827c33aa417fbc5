import type { Address } from '../contract.ts';
import { hostPort, viaPrefix } from '../message/sent-by.ts';
import { emptyAddress, isIpv4, sameAddress, setAddress } from './address-octets.ts';

/** One address of the edge's own, and what messages say of it. */
export interface Local {
  readonly address: Address;
  readonly octets: Uint8Array;
  /** False for an IPv6 one. */
  readonly ipv4: boolean;
  /** The start of our Via, up to the value of its branch. */
  readonly via: Uint8Array;
  /** What follows the user part of our Record-Route URI, through the closing bracket. */
  readonly recordRouteEnd: string;
}

/** Where an edge is reached. */
export class Locals {
  /** What a URI means that names no transport: UDP where we have it. @see RFC 3263 §4.1 */
  readonly usualProtocol: string;
  readonly #all: readonly Local[];

  constructor(addresses: readonly Address[]) {
    this.#all = addresses.map(describe);
    const protocols = addresses.map(({ protocol }) => protocol);
    this.usualProtocol = protocols.find((protocol) => protocol === 'udp') ?? protocols[0] ?? 'udp';
  }

  /** Does one of them speak the protocol of `octets`? */
  speaks(octets: Uint8Array): boolean {
    const all = this.#all;
    for (let i = 0; i < all.length; i++) if (all[i]?.octets[0] === octets[0]) return true;
    return false;
  }

  /** The one by which `octets` is reached: of its protocol, and IPv4 or IPv6 as it is; undefined when there is none. */
  toward(octets: Uint8Array): Local | undefined {
    const all = this.#all;
    const ipv4 = isIpv4(octets);
    for (let i = 0; i < all.length; i++) {
      const local = all[i];
      if (local?.octets[0] === octets[0] && local?.ipv4 === ipv4) return local;
    }
    return undefined;
  }

  has(octets: Uint8Array): boolean {
    const all = this.#all;
    for (let i = 0; i < all.length; i++) {
      const local = all[i];
      if (local !== undefined && sameAddress(local.octets, octets)) return true;
    }
    return false;
  }
}

function describe(address: Address): Local {
  const octets = emptyAddress();
  if (!setAddress(octets, address)) throw new RangeError(`no numeric address of ours: ${address.host}`);
  const transport = address.protocol === 'udp' ? '' : `;transport=${address.protocol}`;
  return {
    address,
    octets,
    ipv4: isIpv4(octets),
    via: viaPrefix(address),
    recordRouteEnd: `@${hostPort(address)}${transport};lr>`,
  };
}
