import type { Address } from '../contract.ts';
import { Part } from '../dialog/record.ts';
import { sliceOf } from '../dialog/slab.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import { parseUri, UriView } from '../message/uri.ts';
import type { Hop, Hops } from './hops.ts';

/**
 * The hop that a dialog's requests go to: where its first route leads, or with an empty route set the hop that last worked.
 *
 * Names are not looked up: a route that names a host by its name leads to the hop that last worked as well. A dialog
 * without routes that no hop has carried leads to its remote target, if that is numeric.
 *
 * @see RFC 3261 §8.1.2, §12.2.1.1
 */
export function nextHop(table: DialogTable, hops: Hops, dialog: DialogIndex, lastWorked: Hop | undefined): Hop | undefined {
  const { records } = table;
  const block = table.block(dialog);
  const bytes = records.bytes(block);
  const start = records.start(block, Part.routes);
  const end = records.end(block, Part.routes);
  if (start !== end) {
    const close = bytes.indexOf(0x3e, start);
    const address = addressOf(bytes, start + 1, close);
    return address === undefined ? lastWorked : hops.forAddress(address);
  }
  if (lastWorked !== undefined) return lastWorked;
  const target = addressOf(bytes, records.start(block, Part.target), records.end(block, Part.target));
  return target === undefined ? undefined : hops.forAddress(target);
}

const view: UriView = new UriView();

/** Where a SIP URI with a numeric host leads; undefined when its host is a name or it is no SIP URI. @see RFC 3263 §4 */
export function addressOf(bytes: Uint8Array, start: number, end: number): Address | undefined {
  if (!parseUri(bytes, start, end, view) || view.scheme !== 'sip') return undefined;
  const host = ascii(bytes, view.host.start, view.host.end);
  if (!isNumeric(host)) return undefined;
  return { protocol: view.transport === '' ? 'udp' : view.transport, host, port: view.port === 0 ? 5060 : view.port };
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

function isNumeric(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** The same for a URI as text. */
export function addressOfText(uri: string): Address | undefined {
  const { bytes, start, end } = sliceOf(uri);
  return addressOf(bytes, start, end);
}
