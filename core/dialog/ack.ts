import type { FlowId, Outlet } from '../contract.ts';
import type { Message } from '../message/message.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { ClientTransaction } from '../transaction/client.ts';
import { beginDialogRequest, routeSetPath } from './request.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/**
 * Acknowledges a 2xx by the dialog's route set as it is now, and keeps the ACK to send again with each repeated 2xx.
 *
 * @see RFC 3261 §13.2.2.4
 */
export function acknowledge(
  parts: { readonly table: DialogTable; readonly writer: Writer; readonly outlet: Outlet },
  tx: ClientTransaction,
  dialog: DialogIndex,
  response: Message,
  hop: { readonly via: string; readonly flow: FlowId | undefined },
): void {
  beginDialogRequest(parts.writer, parts.table, dialog, {
    method: 'ACK',
    sequence: response.cseq.number,
    via: hop.via,
    branch: `${tx.branch}a`,
    path: routeSetPath,
  });
  const ack = endMessage(parts.writer, undefined, undefined);
  tx.ack = ack;
  parts.outlet.send(hop.flow ?? tx.flow, ack);
}
