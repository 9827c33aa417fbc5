import { Part } from '../dialog/record.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import type { Content } from './command.ts';
import { noContent } from './content.ts';

/** Our last session description, as the answer to an offer that changes nothing; no content where there is none. */
export function sameSession(table: DialogTable, dialog: DialogIndex): Content {
  const { records } = table;
  const block = table.block(dialog);
  const body = records.bytes(block).slice(records.start(block, Part.session), records.end(block, Part.session));
  return body.length === 0 ? noContent : { headers: [], contentType: 'application/sdp', body };
}
