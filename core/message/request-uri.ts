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
    if (nameIs(bytes, nameStart, nameEnd, METHOD)) return withoutMethods(uri, end);
  }
  return { bytes, start, end };
}

/** A copy of the URI up to `end`. No parameter may stand there twice (§19.1.1), but a peer may write it so. */
function withoutMethods({ bytes, start, params }: UriView, end: number): ReturnType<typeof requestUri> {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, params.start - 1));
  let size = params.start - 1 - start;
  for (let at = params.start; at < params.end; at++) {
    const nameStart = at;
    const nameEnd = skipUriParamName(bytes, at, params.end);
    at = skipUriParam(bytes, nameEnd, params.end);
    if (nameIs(bytes, nameStart, nameEnd, METHOD)) continue;
    copy.set(bytes.subarray(nameStart - 1, at), size);
    size += at - nameStart + 1;
  }
  return { bytes: copy, start: 0, end: size };
}
