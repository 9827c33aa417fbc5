import { messageLimits } from '../limits.ts';

const scheme = /^Digest[ \t]+/i;

/** One `name=value` and the comma or the end behind it. A value is a token, read liberally, or a quoted string. */
const param = /[ \t,]*([A-Za-z0-9.!%*_+`'~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))[ \t]*(?:,|$)/y;

/**
 * The parameters of a Digest challenge or of Digest credentials, by their names in lower case; quoted strings without quotes and
 * escapes. Undefined for any other scheme, for what is malformed, where a name is given twice, and where there are too many.
 *
 * @see RFC 3261 §25.1 (challenge, credentials)
 */
export function parseDigestParams(value: string): ReadonlyMap<string, string> | undefined {
  const begin = scheme.exec(value);
  if (begin === null) return undefined;
  const params = new Map<string, string>();
  param.lastIndex = begin[0].length;
  while (param.lastIndex < value.length) {
    const step = param.exec(value);
    if (step === null) return undefined;
    const [, name = '', quoted, token = ''] = step;
    const key = name.toLowerCase();
    if (params.has(key) || params.size === messageLimits.paramCount) return undefined;
    params.set(key, quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1'));
  }
  return params;
}

/** A text as a quoted string. @see RFC 3261 §25.1 */
export function quotedString(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
