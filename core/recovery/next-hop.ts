import { Part } from '../dialog/record.ts';
import type { Slice } from '../dialog/slice.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { isOlderTarget, movesTarget, noteMove } from '../dialog/target-moves.ts';
import type { Message } from '../message/message.ts';
import { addressOf, leadsTo } from '../message/numeric-address.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';

/**
 * The hop that a dialog's requests go to: where its first route leads, or with an empty route set the hop that last worked.
 *
 * Names are not looked up: a route that names a host by its name leads to the hop that last worked as well, and so does one of
 * a protocol that we do not speak. A dialog without routes that no hop has carried leads to its remote target, if that is numeric.
 *
 * @see RFC 3261 §8.1.2, §12.2.1.1
 */
export function nextHop(
  table: DialogTable,
  hops: Hops,
  dialog: DialogIndex,
  lastWorked: Hop | undefined,
): Hop | undefined {
  const { records } = table;
  const block = table.block(dialog);
  const bytes = records.bytes(block);
  const start = records.start(block, Part.routes);
  const end = records.end(block, Part.routes);
  if (start !== end) {
    const close = bytes.indexOf(0x3e, start);
    // The hop that healed a route mostly heads it.
    if (lastWorked !== undefined && leadsTo(bytes, start + 1, close, lastWorked.address)) return lastWorked;
    const address = addressOf(bytes, start + 1, close);
    return (address && hops.forAddress(address)) ?? lastWorked;
  }
  if (lastWorked !== undefined) return lastWorked;
  const target = addressOf(bytes, records.start(block, Part.target), records.end(block, Part.target));
  return target === undefined ? undefined : hops.forAddress(target);
}

/**
 * Takes the remote target that a refresh or its 2xx brings, unless the dialog has a newer one, and our new session description where there is one. A dialog that goes
 * straight to its peer follows it; a target that is the same, however it is spelt, leaves it with the hop that works, and so does a
 * route set that a heal has emptied: the hop that healed it may be the only way through. True when its requests go to another hop now.
 *
 * @see RFC 3261 §12.2.1.2, §19.1.4
 */
export function refreshTarget(
  table: DialogTable,
  hops: Hops,
  dialog: DialogIndex,
  message: Message,
  session?: Slice,
): boolean {
  const brought = targetOf(message);
  const isTaken = !table.exposes(dialog, brought, undefined) && !isOlderTarget(table, dialog, message);
  const target = isTaken ? brought : undefined;
  const moves = target !== undefined && movesTarget(table, dialog, message);
  if (!table.update(dialog, target, undefined, session) || !moves) return false;
  noteMove(table, dialog, message);
  return followTarget(table, hops, dialog);
}

function followTarget(table: DialogTable, hops: Hops, dialog: DialogIndex): boolean {
  const { records } = table;
  const block = table.block(dialog);
  const isDirect =
    (hops.allowDirect || table.has(dialog, DialogFlag.direct)) &&
    records.start(block, Part.routes) === records.end(block, Part.routes) &&
    hops.of(dialog)?.listed !== true;
  const next = isDirect ? nextHop(table, hops, dialog, undefined) : undefined;
  if (next === undefined || next === hops.of(dialog)) return false;
  hops.attach(dialog, next);
  return true;
}
