import * as assert from 'uvu/assert';
import { Part, type RecordParts, type Records } from '../../core/dialog/record.ts';
import { sliceOf } from '../../core/dialog/slice.ts';
import { Message } from '../../core/message/message.ts';
import type { Block } from '../../core/transaction/slab.ts';

/** The parts of a dialog as texts. */
export type PartTexts = { readonly [Name in keyof RecordParts]: string };

export const usualTexts: PartTexts = {
  target: 'sip:bob@192.0.2.4',
  routes: '<sip:192.0.2.1;lr>',
  localParty: '"Alice" <sip:alice@atlanta.example>',
  localTag: 'near1',
  remoteParty: '<sip:bob@biloxi.example>',
  remoteTag: 'far1',
  callId: 'call1@atlanta.example',
  contact: '<sip:alice@192.0.2.9:5060>',
  session: 'v=0\r\n',
};

/** What a dialog is made from: the usual parts, but for those that are given. */
export function recordParts(texts: Partial<PartTexts> = {}): RecordParts {
  const all = { ...usualTexts, ...texts };
  const entries = Object.entries(all).map(([name, text]) => [name, sliceOf(text)]);
  return Object.fromEntries(entries) as RecordParts;
}

/** Every part of a record as text. */
export function textsOf(records: Records, block: Block): Record<keyof typeof Part, string> {
  const entries = Object.entries(Part).map(([name, part]) => [name, partText(records, block, part)]);
  return Object.fromEntries(entries) as Record<keyof typeof Part, string>;
}

function partText(records: Records, block: Block, part: Part): string {
  const octets = records.bytes(block).subarray(records.start(block, part), records.end(block, part));
  return new TextDecoder().decode(octets);
}

/** A good message made of a start line, header lines and a body, with what every message must have. */
export function message(startLine: string, headers: readonly string[] = [], body = ''): Message {
  const method = startLine.startsWith('SIP/') ? 'INVITE' : (startLine.split(' ', 1)[0] ?? '');
  const lines = [
    startLine,
    'Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1',
    'From: <sip:bob@biloxi.example>;tag=far1',
    'To: <sip:alice@atlanta.example>;tag=near1',
    'Call-ID: call1@atlanta.example',
    `CSeq: 7 ${method}`,
    ...headers,
    `Content-Length: ${body.length}`,
  ];
  const scanned = new Message();
  assert.is(scanned.scan(new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n${body}`)), undefined);
  return scanned;
}
