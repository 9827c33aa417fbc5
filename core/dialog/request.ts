import { decodeText } from '../message/bytes.ts';
import { requestUri } from '../message/request-uri.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import { prepared, type Writer } from '../message/write.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import { refreshAbilities, requestAbilities } from './abilities.ts';
import { Part } from './record.ts';
import { firstRoute } from './route-set.ts';
import type { Slice } from './slice.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from './table.ts';

/** Which Route a request inside a dialog carries. */
export type RequestPath =
  /** The dialog's own route set. */
  | { readonly kind: 'route-set' }
  /** None at all: what heals a route. @see [MS-SIPRE] §4.6 */
  | { readonly kind: 'route-less' }
  /** One URI, of a hop that does not take requests without a Route. */
  | { readonly kind: 'one-route'; readonly route: string }
  /** The program's own, for what heals. */
  | { readonly kind: 'preset'; readonly route: string };

export const routeSetPath: RequestPath = { kind: 'route-set' };
export const routeLessPath: RequestPath = { kind: 'route-less' };

/**
 * Writes a request inside a dialog up to where its own headers begin; `endMessage` closes it.
 *
 * `via` is the start of our Via up to its branch, which is that of `tx` and the suffix.
 *
 * @see RFC 3261 §12.2.1.1
 */
export function beginDialogRequest(
  writer: Writer,
  table: DialogTable,
  dialog: DialogIndex,
  request: {
    readonly method: string;
    readonly sequence: number;
    readonly via: Uint8Array;
    readonly tx: Pick<ClientTransaction, 'writeBranch'>;
    readonly branchSuffix?: string;
    readonly path: RequestPath;
    /** From, To and Call-ID of another dialog that is to take its place, as header lines. */
    readonly identity?: Uint8Array | undefined;
  },
): void {
  const { records } = table;
  const block = table.block(dialog);
  const bytes = records.bytes(block);
  const { method, path } = request;
  const strict = path.kind === 'route-set' && table.has(dialog, DialogFlag.strictRoute);
  writer.text(method).text(' ');
  if (strict) writeFirstRoute(writer, table, dialog);
  else writer.bytes(bytes, records.start(block, Part.target), records.end(block, Part.target));
  writer.text(' SIP/2.0\r\n').octets(request.via);
  request.tx.writeBranch(writer);
  if (request.branchSuffix !== undefined) writer.text(request.branchSuffix);
  if (strict) writeStrictRoute(writer, table, dialog);
  else writeRoute(writer, table, dialog, path);
  writer.octets(maxForwards);
  if (request.identity !== undefined) writer.octets(request.identity);
  else writer.bytes(bytes, records.start(block, Part.identity), records.end(block, Part.identity));
  writer.text('CSeq: ').decimal(request.sequence).text(' ').text(method).text('\r\n');
  if (isTargetRefresh(method)) writeContact(writer, table, dialog);
  if (method === 'INVITE' || method === 'UPDATE') writer.octets(refreshAbilities(table));
  else if (method !== 'ACK') writer.octets(requestAbilities(table));
  const authorization = table.authorizations.size === 0 ? undefined : table.authorizations.get(dialog);
  if (authorization === undefined) return;
  const uri = strict ? firstRouteUri(table, dialog) : part(table, dialog, Part.target);
  writer.text(authorization.lines({ method, uri: textOf(uri), sequence: request.sequence }));
}

const maxForwards = prepared('\r\nMax-Forwards: 70\r\n');

/** Writes the Contact header of our side of a dialog. */
export function writeContact(writer: Writer, table: DialogTable, dialog: DialogIndex): void {
  const { records } = table;
  const block = table.block(dialog);
  writer.text('Contact: ');
  writer.bytes(records.bytes(block), records.start(block, Part.contact), records.end(block, Part.contact));
  writer.text('\r\n');
}

function writeFirstRoute(writer: Writer, table: DialogTable, dialog: DialogIndex): void {
  const uri = firstRouteUri(table, dialog);
  writer.bytes(uri.bytes, uri.start, uri.end);
}

function firstRouteUri(table: DialogTable, dialog: DialogIndex): Slice {
  return requestUri(firstRoute(part(table, dialog, Part.routes)).uri);
}

/** Behind a strict router: it takes the first Route for its next Request-URI, and so in the end our target, which stands last. */
function writeStrictRoute(writer: Writer, table: DialogTable, dialog: DialogIndex): void {
  const routes = part(table, dialog, Part.routes);
  const target = part(table, dialog, Part.target);
  const { next } = firstRoute(routes);
  writer.text('\r\nRoute: ');
  if (next < routes.end) writer.bytes(routes.bytes, next, routes.end).text(', ');
  writer.text('<').bytes(target.bytes, target.start, target.end).text('>');
}

function textOf({ bytes, start, end }: Slice): string {
  return decodeText(bytes, start, end);
}

function part(table: DialogTable, dialog: DialogIndex, which: Part): Slice {
  const { records } = table;
  const block = table.block(dialog);
  return { bytes: records.bytes(block), start: records.start(block, which), end: records.end(block, which) };
}

function writeRoute(writer: Writer, table: DialogTable, dialog: DialogIndex, path: RequestPath): void {
  if (path.kind === 'route-less') return;
  if (path.kind !== 'route-set') {
    writer.text('\r\nRoute: ').text(path.route);
    return;
  }
  const { records } = table;
  const block = table.block(dialog);
  const start = records.start(block, Part.routes);
  const end = records.end(block, Part.routes);
  if (start !== end) writer.text('\r\nRoute: ').bytes(records.bytes(block), start, end);
}
