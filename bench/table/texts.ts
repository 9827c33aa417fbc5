import type { RecordParts } from '../../core/dialog/record.ts';
import type { Slice } from '../../core/dialog/slice.ts';
import { placesIn, writeDigits } from './digits.ts';

/*
 * What stands in the dialogs of a carrier's gateway: URIs of 60 to 100 octets, tags of 128 bits, two routes. Of each run of # there are
 * as many hexadecimal digits of a dialog's own.
 */
const templates = {
  target: 'sip:+1415########@198.51.100.23:49152;transport=udp;ob;token=########',
  routes:
    '<sip:edge-03.access.carrier.example.net:5060;transport=udp;lr;flow=########>, <sip:core-11.transit.emea.carrier.example.net:5060;transport=udp;lr>',
  localParty: '<sip:+1628########@ims.mnc001.mcc001.carrier.example.net;user=phone>',
  localTag: '################################',
  remoteParty: '<sip:+1415########@ims.mnc001.mcc001.carrier.example.net;user=phone>',
  remoteTag: '################################',
  callId: '################################@198.51.100.23',
  contact: '<sip:gateway-07@203.0.113.70:5060;transport=udp;x-node=gw-07-a;ob>',
  session: '',
  /** Where a heal leads. */
  otherTarget: 'sip:+1415########@198.51.100.23:61044;transport=udp;ob;token=########;gr',
  otherRoutes:
    '<sip:edge-104.access.carrier.example.net:5060;transport=udp;lr;flow=########>, <sip:core-2.transit.emea.carrier.example.net:5060;transport=udp;lr>',
} as const;

/** The texts of one dialog at a time, as octets: `write` changes them in place. */
export class Texts {
  readonly bytes: Uint8Array;
  readonly parts: RecordParts;
  readonly otherTarget: Slice;
  readonly otherRoutes: Slice;
  readonly #identities: number[] = [];
  readonly #others: number[] = [];

  constructor() {
    this.bytes = new TextEncoder().encode(Object.values(templates).join(''));
    let start = 0;
    const slice = (name: keyof typeof templates): Slice => {
      const text = templates[name];
      const isIdentity = name === 'callId' || name === 'localTag' || name === 'remoteTag';
      for (const place of placesIn(text)) (isIdentity ? this.#identities : this.#others).push(start + place);
      start += text.length;
      return { bytes: this.bytes, start: start - text.length, end: start };
    };
    // In the order of the templates.
    this.parts = {
      target: slice('target'),
      routes: slice('routes'),
      localParty: slice('localParty'),
      localTag: slice('localTag'),
      remoteParty: slice('remoteParty'),
      remoteTag: slice('remoteTag'),
      callId: slice('callId'),
      contact: slice('contact'),
      session: slice('session'),
    };
    this.otherTarget = slice('otherTarget');
    this.otherRoutes = slice('otherRoutes');
  }

  /** All texts of this dialog. */
  write(dialog: number): void {
    this.writeIdentity(dialog);
    writeDigits(this.bytes, this.#others, dialog);
  }

  /** Its Call-ID and tags alone: what a request names it by. */
  writeIdentity(dialog: number): void {
    writeDigits(this.bytes, this.#identities, dialog);
  }
}
