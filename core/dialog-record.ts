import { dialogSchema } from './dialog-schema.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import { UsageError } from './errors.ts';
import { AddressView, parseAddress } from './message/address.ts';
import { addressOfText } from './message/numeric-address.ts';
import { parseUri, parseUriText, UriView } from './message/uri.ts';
import { schemaFaults } from './schema-faults.ts';

/** A dialog has 65,535 octets in memory; what is left is for the stack's own words around its parts. */
const octetsMax = 65_000;

/**
 * Takes a dialog's record from whoever hands it over.
 *
 * @throws UsageError with every reason at once, when it is none that can be adopted.
 */
export function checkedRecord(value: unknown): DialogRecord {
  const faults = schemaFaults(dialogSchema, value);
  const reasons = [...faults, ...meaningFaults(value, faults)];
  if (reasons.length > 0) throw new UsageError(`The dialog cannot be adopted. ${reasons.join(' ')}`, reasons);
  return copyOf(value as DialogRecord);
}

/** What a schema cannot say. Each check looks only at parts that the schema has found sound. */
function meaningFaults(value: unknown, faults: readonly string[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const sound = (name: string): boolean =>
    !faults.some((fault) => fault.startsWith(`/${name}:`) || fault.startsWith(`/${name}/`));
  const record: Partial<DialogRecord> =
    faults.length === 0 ? value : Object.fromEntries(Object.entries(value).filter(([name]) => sound(name)));
  return [
    ...partyFaults('/localUri', record.localUri),
    ...partyFaults('/remoteUri', record.remoteUri),
    ...sipUriFaults('/remoteTarget', record.remoteTarget),
    ...(record.routeSet ?? []).flatMap((uri, index) => sipUriFaults(`/routeSet/${index}`, uri)),
    ...securityFaults(record),
    ...contactFaults(record.localContact),
    ...numericFaults('/localAddress', record.localAddress),
    ...numericFaults('/hop', record.hop),
    ...sequenceFaults(record),
    ...sessionFaults(record),
    ...timerFaults(record.sessionTimer),
    ...sizeFaults(record),
  ];
}

function partyFaults(at: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  const address = addressOf(text);
  if (address === undefined) return [`${at}: is no URI or name-addr.`];
  if (!address.bracketed && /[;?,]/.test(text))
    return [`${at}: needs angle brackets around its URI (RFC 3261 §20.10).`];
  return address.hasParams ? [`${at}: has parameters behind its URI.`] : [];
}

function contactFaults(text: string | undefined): string[] {
  if (text === undefined) return [];
  const address = addressOf(text);
  return address?.isSip ? [] : ['/localContact: is no SIP or SIPS URI, nor a name-addr with one.'];
}

/** A name-addr or addr-spec that is all of `text`. */
function addressOf(text: string): { bracketed: boolean; hasParams: boolean; isSip: boolean } | undefined {
  const bytes = new TextEncoder().encode(text);
  const view = new AddressView();
  const uri = new UriView();
  if (parseAddress(bytes, 0, bytes.length, view) !== bytes.length) return undefined;
  if (!parseUri(bytes, view.uri.start, view.uri.end, uri)) return undefined;
  const { bracketed, params } = view;
  return { bracketed, hasParams: params.end > params.start, isSip: uri.scheme === 'sip' || uri.scheme === 'sips' };
}

function sipUriFaults(at: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  const scheme = parseUriText(text)?.scheme;
  return scheme === 'sip' || scheme === 'sips' ? [] : [`${at}: is no SIP or SIPS URI.`];
}

/** @see RFC 3261 §12.1.1, §26.2.2 */
function securityFaults({ secure, remoteTarget, routeSet = [] }: Partial<DialogRecord>): string[] {
  const isSips = remoteTarget !== undefined && parseUriText(remoteTarget)?.scheme === 'sips';
  if (!(secure ?? isSips)) return [];
  const uris = [
    ['/remoteTarget', remoteTarget] as const,
    ...routeSet.map((uri, i) => [`/routeSet/${i}`, uri] as const),
  ];
  return uris
    .filter(([, uri]) => uri !== undefined && parseUriText(uri)?.scheme === 'sip')
    .map(([at]) => `${at}: is no SIPS URI, and the dialog is secure.`);
}

function numericFaults(at: string, text: string | undefined): string[] {
  if (text === undefined || addressOfText(text) !== undefined) return [];
  return [`${at}: is no SIP URI with a numeric host.`];
}

function sequenceFaults({ localSequenceNumber = 0, reservedSequenceNumber }: Partial<DialogRecord>): string[] {
  if (reservedSequenceNumber === undefined || reservedSequenceNumber >= localSequenceNumber) return [];
  return ['/reservedSequenceNumber: is below localSequenceNumber.'];
}

function sessionFaults(record: Partial<DialogRecord>): string[] {
  const { localSession, localSessionCharset, remoteSession, remoteSessionHash } = record;
  const faults: string[] = [];
  const isLatin = localSessionCharset === 'iso-8859-1';
  if (isLatin && [...(localSession ?? '')].some((character) => character > '\u00ff'))
    faults.push('/localSession: has characters that are none of ISO-8859-1.');
  if (remoteSession !== undefined && remoteSessionHash !== undefined)
    faults.push('/remoteSessionHash: stands beside remoteSession; give one of them.');
  return faults;
}

function timerFaults(timer: DialogRecord['sessionTimer']): string[] {
  if (timer?.remainingS === undefined || timer.remainingS <= timer.intervalS) return [];
  return ['/sessionTimer/remainingS: is more than intervalS.'];
}

function sizeFaults(record: Partial<DialogRecord>): string[] {
  const { callId, localTag, remoteTag, localUri, remoteUri, remoteTarget, localContact, localSession } = record;
  const parts = [callId, localTag, remoteTag, localUri, remoteUri, remoteTarget, localContact, localSession];
  const texts = [...parts, ...(record.routeSet ?? []).map((uri) => `<${uri}>, `)];
  const units = texts.reduce((sum, text = '') => sum + text.length, 0);
  if (3 * units <= octetsMax) return []; // no code unit takes more octets than three
  const octets = texts.reduce((sum, text = '') => sum + new TextEncoder().encode(text).length, 0);
  return octets > octetsMax ? [`: its parts take ${octets} octets together, more than ${octetsMax}.`] : [];
}

/** A record that its owner cannot change any more; what is undefined is left out. */
function copyOf(record: DialogRecord): DialogRecord {
  const { sessionTimer, peer, routeSet } = record;
  return {
    ...defined(record),
    ...(sessionTimer && { sessionTimer: defined(sessionTimer) }),
    ...(peer && { peer: defined(peer) }),
    ...(routeSet && { routeSet: [...routeSet] }),
  };
}

function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
