import { Part } from './record.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/** Our last session description in a dialog, as it lies there until the dialog changes; empty where there is none. */
export function ownSession(table: DialogTable, dialog: DialogIndex): Uint8Array {
  const { records } = table;
  const block = table.block(dialog);
  return records.bytes(block).subarray(records.start(block, Part.session), records.end(block, Part.session));
}
