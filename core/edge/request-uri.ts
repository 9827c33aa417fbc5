import { skipUriParam, skipUriParamName, word } from '../message/bytes.ts';
import { requestUri } from '../message/request-uri.ts';
import { nameIs, parseUri, UriView } from '../message/uri.ts';
import type { Writer } from '../message/write.ts';

const LBRACKET = 0x5b;

/** What goes with the maddr that names us. */
const left: readonly Uint8Array[] = ['method', 'maddr', 'transport'].map(word);

const uri = new UriView();

/**
 * Writes the URI in octets [start, end) as the Request-URI of a forwarded request: without what must not stand in one, and
 * with `maddr` also without the maddr that names us, with port and transport.
 *
 * @see RFC 3261 §16.4, §16.6 (2)
 */
export function writeRequestUri(writer: Writer, bytes: Uint8Array, start: number, end: number, maddr: boolean): void {
  if (!parseUri(bytes, start, end, uri)) {
    writer.bytes(bytes, start, end);
  } else if (maddr) {
    writeWithoutPlace(writer, uri);
  } else {
    const target = requestUri(uri);
    writer.bytes(target.bytes, target.start, target.end);
  }
}

function writeWithoutPlace(writer: Writer, { bytes, start, host, params }: UriView): void {
  const bracket = bytes[host.start - 1] === LBRACKET ? 1 : 0;
  writer.bytes(bytes, start, host.end + bracket);
  for (let at = params.start; at < params.end; at++) {
    const nameStart = at;
    const nameEnd = skipUriParamName(bytes, at, params.end);
    at = skipUriParam(bytes, nameEnd, params.end);
    if (!left.some((name) => nameIs(bytes, nameStart, nameEnd, name))) writer.bytes(bytes, nameStart - 1, at);
  }
}
