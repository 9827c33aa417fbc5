import { ownSession } from '../dialog/own-session.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import type { Content } from './command.ts';
import { noContent } from './content.ts';

/** Our last session description, as the answer to an offer that changes nothing; no content where there is none. */
export function sameSession(table: DialogTable, dialog: DialogIndex): Content {
  const body = ownSession(table, dialog).slice();
  return body.length === 0 ? noContent : { headers: [], contentType: 'application/sdp', body };
}
