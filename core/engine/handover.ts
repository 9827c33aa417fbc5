import type { Address } from '../contract.ts';
import { ownSession } from '../dialog/own-session.ts';
import { Part } from '../dialog/record.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { emptySlice, type Slice, sliceOf } from '../dialog/slice.ts';
import { anyOfferPending, DialogFlag, type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import { addressOfText } from '../message/numeric-address.ts';
import { requestUri } from '../message/request-uri.ts';
import { sipUri } from '../message/sent-by.ts';
import { parseUriText } from '../message/uri.ts';
import type { Hop } from '../recovery/hop.ts';
import { nextHop } from '../recovery/next-hop.ts';
import type { DialogRecord } from './dialog-record.ts';
import type { Groups } from './groups.ts';
import type { Parts } from './parts.ts';
import type { ReleasedDialogs } from './released-dialogs.ts';

/** Dialogs that come from another stack, or go to one, as plain data. */
export class Handover {
  readonly #parts: Parts;
  readonly #groups: Groups;
  readonly #released: ReleasedDialogs;
  /** Lets go of a dialog without a word to anyone. */
  readonly #release: (dialog: DialogIndex) => void;
  readonly #refresh: (dialog: DialogIndex) => void;

  constructor(
    parts: Parts,
    others: {
      readonly groups: Groups;
      readonly released: ReleasedDialogs;
      readonly release: (dialog: DialogIndex) => void;
      /** Sends a target refresh by the route that there is. */
      readonly refresh: (dialog: DialogIndex) => void;
    },
  ) {
    this.#parts = parts;
    this.#groups = others.groups;
    this.#released = others.released;
    this.#release = others.release;
    this.#refresh = others.refresh;
  }

  /** Tells whether the dialog of a record is here. */
  find(id: number, record: DialogRecord): void {
    this.#parts.reporter.done(id, { isFound: this.#find(record) !== -1 });
  }

  /** Makes a confirmed dialog of a sound record. */
  adopt(id: number, record: DialogRecord): void {
    const { table, healer, sessions, reporter, mode } = this.#parts;
    if (this.#find(record) !== -1) {
      reporter.failWithCode(id, 'SIP_USAGE', '/callId: the stack has this dialog already.');
      return;
    }
    const hop = this.#hop(record);
    const dialog = table.create({
      target: target(record),
      routes: sliceOf((record.routeSet ?? []).map((uri) => `<${uri}>`).join(', ')),
      localParty: sliceOf(record.localUri),
      localTag: sliceOf(record.localTag),
      remoteParty: sliceOf(record.remoteUri),
      remoteTag: sliceOf(record.remoteTag),
      callId: sliceOf(record.callId),
      contact: sliceOf(this.#contact(record, hop)),
      session: localSession(record),
    });
    if (dialog === undefined) {
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for another dialog.');
      return;
    }
    this.#released.forget(record);
    healer.begin(dialog);
    this.#takeNumbers(dialog, record);
    this.#attach(dialog, record, hop);
    if (record.sessionTimer !== undefined) {
      sessions.resume(dialog, 1000 * (record.sessionTimer.remainingS ?? record.sessionTimer.intervalS));
    }
    if (record.group !== undefined) this.#groups.relate(dialog, record.group);
    reporter.done(id, { dialog: reporter.dialog(dialog) });
    if (record.routeStatus !== 'recovering') return;
    // Nobody else can tell the peer our Contact.
    if (mode === 'none') {
      this.#refresh(dialog);
    } else {
      healer.breakRoute(dialog, 'flow-lost', 0, 'us');
      healer.pump();
    }
  }

  /** Tells a dialog as a record; `release` lets go of it as well. */
  export(id: number, dialogId: DialogId, release: boolean): void {
    const { table, reporter } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (dialog === -1 || table.state[dialog] !== DialogState.confirmed) {
      reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
      return;
    }
    if (release && table.has(dialog, anyOfferPending)) {
      reporter.failLocally(id, 491); // nobody would answer it, or acknowledge what answers it
      return;
    }
    const record = this.#record(dialog);
    reporter.done(id, { record });
    if (!release) return;
    this.#released.note(record);
    this.#release(dialog);
  }

  #find({ callId, localTag, remoteTag }: DialogRecord): DialogIndex {
    const { bytes } = sliceOf(callId + localTag + remoteTag); // ASCII: characters are octets
    const localStart = callId.length;
    const remoteStart = localStart + localTag.length;
    return this.#parts.table.find(bytes, 0, localStart, localStart, remoteStart, remoteStart, bytes.length);
  }

  /** The hop that last worked, or one of the list: never the remote target's address while there is a list. */
  #hop({ hop }: DialogRecord): Hop | undefined {
    const { hops } = this.#parts;
    const address = hop === undefined ? undefined : addressOfText(hop);
    return address === undefined ? (hops.pick() ?? hops.listed[0]) : hops.forAddress(address);
  }

  #attach(dialog: DialogIndex, { remoteTarget }: DialogRecord, lastWorked: Hop | undefined): void {
    const { table, hops } = this.#parts;
    const hop = nextHop(table, hops, dialog, lastWorked);
    const isPeer = lastWorked?.listed === false && sameAddress(lastWorked.address, addressOfText(remoteTarget));
    table.set(dialog, DialogFlag.direct, lastWorked === undefined || isPeer);
    if (hop !== undefined) hops.attach(dialog, hop);
  }

  #contact({ localContact }: DialogRecord, hop: Hop | undefined): string {
    if (localContact === undefined) return this.#ownContact(hop);
    return localContact.includes('<') ? localContact : `<${localContact}>`;
  }

  #ownContact(hop: Hop | undefined): string {
    return `<${this.#parts.ownUri(hop?.address.protocol)}>`;
  }

  /** Whether this is the stack's own address, by the protocol of the hop or of one before it. */
  #isOwn(contact: string, hop: Hop | undefined): boolean {
    return [hop?.address.protocol, 'udp', 'tcp'].some((protocol) => contact === `<${this.#parts.ownUri(protocol)}>`);
  }

  #takeNumbers(dialog: DialogIndex, record: DialogRecord): void {
    const { table } = this.#parts;
    const { localSequenceNumber, reservedSequenceNumber, remoteSequenceNumber, sessionTimer, peer } = record;
    const isSecure = record.secure ?? /^sips:/i.test(record.remoteTarget);
    table.localSequence[dialog] = reservedSequenceNumber ?? localSequenceNumber;
    table.remoteSequence[dialog] = remoteSequenceNumber ?? 0;
    table.sessionInterval[dialog] = sessionTimer?.intervalS ?? 0;
    if (record.minSessionIntervalS !== undefined) table.minSessionInterval[dialog] = record.minSessionIntervalS;
    table.remoteSession[dialog] = remoteSessionHash(record);
    table.set(dialog, DialogFlag.callIdOwner, record.role === 'uac');
    table.set(dialog, DialogFlag.remoteSequence, remoteSequenceNumber !== undefined);
    table.set(dialog, DialogFlag.allowsUpdate, peer?.allowsUpdate ?? true);
    table.set(dialog, DialogFlag.resilient, peer?.resilient ?? false);
    table.set(dialog, DialogFlag.replaces, peer?.replaces ?? false);
    table.set(dialog, DialogFlag.secure, isSecure);
    table.set(dialog, DialogFlag.emergency, record.emergency ?? false);
    table.set(dialog, DialogFlag.sessionTimer, sessionTimer !== undefined);
    table.set(dialog, DialogFlag.refresher, sessionTimer?.refresher === 'local');
  }

  #record(dialog: DialogIndex): DialogRecord {
    const { table, hops, healer } = this.#parts;
    const { localUri, remoteUri } = this.#parties(dialog);
    const hop = hops.of(dialog);
    const group = this.#groups.nameOf(dialog);
    const contact = table.text(dialog, Part.contact);
    const routes = table.text(dialog, Part.routes);
    const hash = table.remoteSession[dialog] as number;
    const minSessionIntervalS = table.minSessionInterval[dialog] as number;
    const hasRemoteSequence = table.has(dialog, DialogFlag.remoteSequence);
    return {
      version: 1,
      callId: table.text(dialog, Part.callId),
      localTag: table.text(dialog, Part.localTag),
      remoteTag: table.text(dialog, Part.remoteTag),
      role: table.has(dialog, DialogFlag.callIdOwner) ? 'uac' : 'uas',
      localUri,
      remoteUri,
      localSequenceNumber: table.localSequence[dialog] as number,
      ...(hasRemoteSequence && { remoteSequenceNumber: table.remoteSequence[dialog] as number }),
      remoteTarget: table.text(dialog, Part.target),
      routeSet: routes === '' ? [] : routes.slice(1, -1).split('>, <'),
      secure: table.has(dialog, DialogFlag.secure),
      ...(table.has(dialog, DialogFlag.emergency) && { emergency: true }),
      ...(!this.#isOwn(contact, hop) && { localContact: contact }),
      ...this.#session(dialog),
      ...(hash !== 0 && { remoteSessionHash: hash }),
      ...this.#sessionTimer(dialog),
      ...(minSessionIntervalS >= 90 && { minSessionIntervalS }),
      peer: {
        allowsUpdate: table.has(dialog, DialogFlag.allowsUpdate),
        resilient: table.has(dialog, DialogFlag.resilient),
        replaces: table.has(dialog, DialogFlag.replaces),
      },
      ...(hop !== undefined && { hop: sipUri(hop.address) }),
      ...(group !== undefined && { group }),
      routeStatus: healer.status(dialog).status,
    };
  }

  /** From and To without their tags. */
  #parties(dialog: DialogIndex): { localUri: string; remoteUri: string } {
    const { table } = this.#parts;
    const { records } = table;
    const block = table.block(dialog);
    const text = (start: number, end: number): string =>
      onOneLine(new TextDecoder().decode(records.bytes(block).subarray(start, end)));
    const localTag = records.start(block, Part.localTag);
    const remoteTag = records.start(block, Part.remoteTag);
    const hasRemoteTag = records.end(block, Part.remoteTag) > remoteTag;
    return {
      localUri: text(records.start(block, Part.identity) + 'From: '.length, localTag - ';tag='.length),
      remoteUri: text(
        records.end(block, Part.localTag) + '\r\nTo: '.length,
        hasRemoteTag ? remoteTag - ';tag='.length : remoteTag,
      ),
    };
  }

  #session(dialog: DialogIndex): Pick<DialogRecord, 'localSession' | 'localSessionCharset'> {
    const octets = ownSession(this.#parts.table, dialog);
    if (octets.length === 0) return {};
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets);
    if (sameOctets(sliceOf(text).bytes, octets)) return { localSession: text };
    return {
      localSession: Array.from(octets, (octet) => String.fromCharCode(octet)).join(''),
      localSessionCharset: 'iso-8859-1',
    };
  }

  #sessionTimer(dialog: DialogIndex): Pick<DialogRecord, 'sessionTimer'> {
    const { table, sessions, healer } = this.#parts;
    if (!table.has(dialog, DialogFlag.sessionTimer)) return {};
    const intervalS = table.sessionInterval[dialog] as number;
    const refresher = table.has(dialog, DialogFlag.refresher) ? 'local' : 'remote';
    // While a refresh of ours is under way no timer is, and half of the interval is over; while recovering the timer is paused.
    const isRefreshing = refresher === 'local' && healer.health.recovering[dialog] === 0;
    const remainingMs = sessions.remainingMs(dialog) ?? (isRefreshing ? 500 * intervalS : undefined);
    if (remainingMs === undefined) return { sessionTimer: { intervalS, refresher } };
    const remainingS = Math.min(Math.max(0, Math.round(remainingMs / 1000)), intervalS);
    return { sessionTimer: { intervalS, refresher, remainingS } };
  }
}

/** Without what a Request-URI must not have: a Contact may have had it. @see RFC 3261 §19.1.1 */
function target({ remoteTarget }: DialogRecord): Slice {
  const uri = parseUriText(remoteTarget);
  return uri === undefined ? sliceOf(remoteTarget) : requestUri(uri);
}

function localSession({ localSession = '', localSessionCharset }: DialogRecord): Slice {
  if (localSession === '') return emptySlice;
  if (localSessionCharset !== 'iso-8859-1') return sliceOf(localSession);
  const bytes = Uint8Array.from(localSession, (character) => character.charCodeAt(0));
  return { bytes, start: 0, end: bytes.length };
}

function remoteSessionHash({ remoteSession = '', remoteSessionHash = 0 }: DialogRecord): number {
  if (remoteSession === '') return remoteSessionHash;
  const { bytes, start, end } = sliceOf(remoteSession);
  return hashDescription(bytes, start, end);
}

/** A peer may have folded its From or To (RFC 3261 §7.3.1): one space stands for what a record cannot hold. */
function onOneLine(text: string): string {
  return text.replace(/ *\p{Cc}[\p{Cc} ]*/gu, ' ');
}

function sameAddress(a: Address, b: Address | undefined): boolean {
  return a.protocol === b?.protocol && a.host === b.host && a.port === b.port;
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
