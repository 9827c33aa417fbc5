import type { Address } from '../contract.ts';
import type { DialogRecord } from '../engine/dialog-record.ts';
import { UsageError } from '../errors.ts';
import { AddressView, parseAddress } from '../message/address.ts';
import { addressOf, addressOfText } from '../message/numeric-address.ts';

/**
 * Which shard a dialog is for that is handed over, where each shard has ports of its own: the one whose port its peer knows, by
 * `localAddress` or `localContact`.
 *
 * Undefined when any would do: the dialog comes from elsewhere, or its peer is told a new Contact at once.
 *
 * @param locals where each shard is reached
 * @throws UsageError when the peer may know a port of ours, and the record does not say which
 */
export function ownerByPort(record: DialogRecord, locals: readonly (readonly Address[])[]): number | undefined {
  const { localAddress, localContact, routeStatus } = record;
  const address = localAddress === undefined ? undefined : addressOfText(localAddress);
  for (const known of [address, addressOfContact(localContact)]) {
    const owner = known === undefined ? -1 : locals.findIndex((some) => some.some((local) => isSame(local, known)));
    if (owner !== -1) return owner;
  }
  if (localContact !== undefined)
    throw refusal("/localContact: is at no shard's port, and localAddress does not say which one the peer knows.");
  if (address === undefined && routeStatus !== 'recovering')
    throw refusal(
      "/localAddress: is missing, and the peer knows one shard's port; only with 'recovering' is it told another.",
    );
  return undefined;
}

function refusal(reason: string): UsageError {
  return new UsageError(`The dialog cannot be adopted. ${reason}`, [reason]);
}

function isSame(a: Address, b: Address): boolean {
  return a.protocol === b.protocol && a.host === b.host && a.port === b.port;
}

/** Where the URI of a sound name-addr or addr-spec leads, when its host is numeric. */
function addressOfContact(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const bytes = new TextEncoder().encode(text);
  const view = new AddressView();
  parseAddress(bytes, 0, bytes.length, view);
  return addressOf(bytes, view.uri.start, view.uri.end);
}
