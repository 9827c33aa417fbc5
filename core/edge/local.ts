import type { Address } from '../contract.ts';
import { hostPort, viaPrefix } from '../message/sent-by.ts';
import { emptyAddress, sameAddress, setAddress } from './address-octets.ts';

/** One address of the edge's own, and what messages say of it. */
export interface Local {
  readonly address: Address;
  readonly octets: Uint8Array;
  /** The start of our Via, up to the value of its branch. */
  readonly via: string;
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

  /** The one that speaks the protocol of `octets`; undefined when none does. */
  forProtocol(octets: Uint8Array): Local | undefined {
    const all = this.#all;
    for (let i = 0; i < all.length; i++) if (all[i]?.octets[0] === octets[0]) return all[i];
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
  return { address, octets, via: viaPrefix(address), recordRouteEnd: `@${hostPort(address)}${transport};lr>` };
}
