import { Part } from './record.ts';
import type { Slice } from './slice.ts';
import type { DialogIndex, DialogTable } from './table.ts';

const fromSize = 'From: '.length;
const tagSize = ';tag='.length;
const toSize = '\r\nTo: '.length;
const callIdSize = '\r\nCall-ID: '.length;

/** Our From value inside a dialog, without the tag. */
export function localParty(table: DialogTable, dialog: DialogIndex): Slice {
  const { records } = table;
  const block = table.block(dialog);
  const start = records.start(block, Part.identity) + fromSize;
  return { bytes: records.bytes(block), start, end: records.start(block, Part.localTag) - tagSize };
}

/** Our To value inside a dialog, without the tag. */
export function remoteParty(table: DialogTable, dialog: DialogIndex): Slice {
  const { records } = table;
  const block = table.block(dialog);
  const start = records.end(block, Part.localTag) + toSize;
  const tag = records.start(block, Part.remoteTag);
  const hasTag = records.end(block, Part.remoteTag) > tag;
  const end = hasTag ? tag - tagSize : records.start(block, Part.callId) - callIdSize;
  return { bytes: records.bytes(block), start, end };
}
