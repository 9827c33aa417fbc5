import type { Address } from '../contract.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { hostPort } from '../message/sent-by.ts';
import { type Writer, writeTopmostVia } from '../message/write.ts';
import type { Itinerary } from './itinerary.ts';
import type { Local } from './local.ts';
import { writeRequestUri } from './request-uri.ts';

/** What is different about a request on its way on. */
export interface RequestEdits {
  /** What the next hop is told of us. */
  readonly local: Local;
  /** What the hop before us knows of us: the same, unless the request changes its transport or IP version here. */
  readonly sourceLocal: Local;
  readonly branch: Uint8Array;
  readonly maxForwards: number;
  /** Where it came from. */
  readonly source: Address;
  readonly itinerary: Itinerary;
  /** Writes the user part of our Record-Route URI; undefined when the request gets none. */
  readonly token: ((writer: Writer) => void) | undefined;
  /** Takes the place of the Request-URI's host, which is our own. */
  readonly host: Address | undefined;
  /** The next hop is reached by a stream, which wants Content-Length. */
  readonly stream: boolean;
}

/**
 * Writes `request` as we forward it: all of it as it came but for what a proxy changes. What is changed or added stands at
 * the top, where the order among lines of one name wants it.
 *
 * @see RFC 3261 §16.6
 */
export function writeForwardedRequest(writer: Writer, request: Message, edits: RequestEdits): Uint8Array {
  const { local, branch, maxForwards, source, token, stream } = edits;
  const routeChanged = writeRequestLine(writer, request, edits);
  if (token !== undefined) writeRecordRoute(writer, edits, token);
  writer.octets(local.via).octets(branch).text('\r\nVia: ');
  const viaLine = request.first(HeaderId.Via);
  writeTopmostVia(writer, request, source.host, source.port);
  writer.bytes(request.bytes, request.via.value.end, request.valueEnd(viaLine));
  writer.text('\r\nMax-Forwards: ').decimal(maxForwards).text('\r\n');
  if (stream) writeMissingLength(writer, request);
  if (routeChanged) writeRoute(writer, request, edits.itinerary);
  copyRest(writer, request, viaLine, routeChanged);
  return writer.take();
}

/** Writes the Content-Length that a stream wants and a datagram need not have. @see RFC 3261 §16.6 (9), §20.14 */
export function writeMissingLength(writer: Writer, message: Message): void {
  if (message.first(HeaderId.ContentLength) >= 0) return;
  const { start, end } = message.body;
  writer
    .text('Content-Length: ')
    .decimal(end - start)
    .text('\r\n');
}

/** Gives true when Route has to be written anew. */
function writeRequestLine(writer: Writer, request: Message, edits: RequestEdits): boolean {
  const { bytes, requestUri } = request;
  const { itinerary, host } = edits;
  const { routes, first } = itinerary;
  const toStrictRouter = itinerary.routed && !routes.hasLr(first);
  writer.bytes(bytes, requestUri.start - request.method.length - 1, requestUri.start);
  if (toStrictRouter) writeRequestUri(writer, bytes, routes.uriStart(first), routes.uriEnd(first), false);
  else if (host !== undefined) writeUriAt(writer, request, host);
  else writeRequestUri(writer, bytes, itinerary.requestUri.start, itinerary.requestUri.end, itinerary.maddr);
  writer.text(' SIP/2.0\r\n');
  return toStrictRouter || first > 0 || itinerary.end < routes.count;
}

/** Writes the Request-URI's user at another host. */
function writeUriAt(writer: Writer, request: Message, host: Address): void {
  const { user } = request.requestUriParts;
  writer.text('sip:').bytes(request.bytes, user.start, user.end);
  if (user.end > user.start) writer.text('@');
  writer.text(hostPort(host));
  if (host.protocol !== 'udp') writer.text(';transport=').text(host.protocol);
}

/**
 * Where the transport changes, or the IP version, we stand in the route twice, so that each side finds a URI that it can reach.
 *
 * @see RFC 5658 §5
 */
function writeRecordRoute(writer: Writer, edits: RequestEdits, token: (writer: Writer) => void): void {
  const { local, sourceLocal } = edits;
  writer.text('Record-Route: <sip:');
  token(writer);
  writer.text(local.recordRouteEnd);
  if (sourceLocal !== local) {
    writer.text(', <sip:');
    token(writer);
    writer.text(sourceLocal.recordRouteEnd);
  }
  writer.text('\r\n');
}

function writeRoute(writer: Writer, request: Message, itinerary: Itinerary): void {
  const { bytes } = request;
  const { routes, requestUri, end } = itinerary;
  let at = itinerary.first;
  if (at === end) return;
  const toStrictRouter = !routes.hasLr(at);
  if (toStrictRouter) at++;
  writer.text('Route: ');
  for (let i = at; i < end; i++) {
    if (i > at) writer.text(', ');
    writer.bytes(bytes, routes.valueStart(i), routes.valueEnd(i));
  }
  if (toStrictRouter) {
    if (at < end) writer.text(', ');
    writer.text('<').bytes(bytes, requestUri.start, requestUri.end).text('>');
  }
  writer.text('\r\n');
}

/** Copies what was not written yet, in the longest pieces, through the end of the body. */
function copyRest(writer: Writer, request: Message, viaLine: number, routeChanged: boolean): void {
  const { bytes, lineCount, body } = request;
  let from = request.lineStart(0);
  for (let line = 0; line < lineCount; line++) {
    const id = request.headerId(line);
    const written = line === viaLine || id === HeaderId.MaxForwards || (routeChanged && id === HeaderId.Route);
    if (!written) continue;
    writer.bytes(bytes, from, request.lineStart(line));
    from = request.lineEnd(line);
  }
  writer.bytes(bytes, from, body.end);
}
