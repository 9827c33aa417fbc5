import { decodeText } from '../message/bytes.ts';
import { requestUri } from '../message/request-uri.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import type { Writer } from '../message/write.ts';
import { Part } from './record.ts';
import { firstRoute } from './route-set.ts';
import type { Slice } from './slab.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from './table.ts';

/** The option tag of Session Dialog Resiliency, as Microsoft's and Polycom's clients write it. @see [MS-SIPRE] §3.7.5.1 */
export const resilienceTag = 'ms-dialog-route-set-update';

const plainSupportedHeader = 'Supported: timer\r\n';
const resilientSupportedHeader = `Supported: timer, ${resilienceTag}\r\n`;

/** What every request but ACK and CANCEL, and every 2xx, says that we support. @see RFC 4028 §7.1 */
export function supportedHeader({ resilient }: Pick<DialogTable, 'resilient'>): string {
  return resilient ? resilientSupportedHeader : plainSupportedHeader;
}

/** The same where provisional responses may be sent reliably: in an INVITE that begins a call, and in what answers one. @see RFC 3262 §4 */
export function callSupportedHeader({ resilient }: Pick<DialogTable, 'resilient'>): string {
  return resilient ? `Supported: timer, 100rel, ${resilienceTag}\r\n` : 'Supported: timer, 100rel\r\n';
}

/** What an INVITE and its 2xx say besides, where the program allows dialogs to be replaced. @see RFC 3891 §6.2 */
export const replacesHeader = 'Supported: replaces\r\n';

export const allowHeader = 'Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, MESSAGE\r\n';

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
 * `via` is the start of our Via up to its branch.
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
    readonly via: string;
    readonly branch: string;
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
  writer.text(' SIP/2.0\r\n').text(request.via).text(request.branch);
  if (strict) writeStrictRoute(writer, table, dialog);
  else writeRoute(writer, table, dialog, path);
  writer.text('\r\nMax-Forwards: 70\r\n');
  if (request.identity !== undefined) writer.bytes(request.identity, 0, request.identity.length);
  else writer.bytes(bytes, records.start(block, Part.identity), records.end(block, Part.identity));
  writer.text('CSeq: ').decimal(request.sequence).text(' ').text(method).text('\r\n');
  if (isTargetRefresh(method)) writeContact(writer, table, dialog);
  if (method === 'INVITE' || method === 'UPDATE') writer.text(allowHeader);
  if (method !== 'ACK') writer.text(supportedHeader(table));
  const authorization = table.authorizations.size === 0 ? undefined : table.authorizations.get(dialog);
  if (authorization === undefined) return;
  const uri = strict ? firstRouteUri(table, dialog) : part(table, dialog, Part.target);
  writer.text(authorization.lines({ method, uri: textOf(uri), sequence: request.sequence }));
}

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
