import { skipUriParam, skipUriParamName, word } from './bytes.ts';
import { nameIs, type UriView } from './uri.ts';

const METHOD = word('method');

/**
 * The octets of a URI as they may stand in a Request-URI: without headers and without a `method` parameter. Mostly these are the
 * URI's own octets; what has to be cut out of the middle gives a copy.
 *
 * @see RFC 3261 §19.1.1, table 1
 */
export function requestUri(uri: UriView): { readonly bytes: Uint8Array; readonly start: number; readonly end: number } {
  const { bytes, start, scheme, params, headers } = uri;
  let { end } = uri;
  if (scheme !== 'sip' && scheme !== 'sips') return { bytes, start, end };
  if (headers.start > 0) end = headers.start - 1;
  for (let at = params.start; at < params.end; at++) {
    const nameStart = at;
    const nameEnd = skipUriParamName(bytes, at, params.end);
    at = skipUriParam(bytes, nameEnd, params.end);
    if (nameIs(bytes, nameStart, nameEnd, METHOD)) return without(bytes, start, nameStart - 1, at, end);
  }
  return { bytes, start, end };
}

/** A copy of [start, end) without [from, to), which begins with a semicolon. */
function without(
  bytes: Uint8Array,
  start: number,
  from: number,
  to: number,
  end: number,
): ReturnType<typeof requestUri> {
  const copy = new Uint8Array(from - start + (end - to));
  copy.set(bytes.subarray(start, from));
  copy.set(bytes.subarray(to, end), from - start);
  return { bytes: copy, start: 0, end: copy.length };
}
