/** Cuts a list at its commas, but for those in quotes and in angle brackets (RFC 3261 §7.3.1). */
export function listOf(value: string): string[] {
  if (!value.includes(',')) return value === '' ? [] : [value];
  const values: string[] = [];
  let isQuoted = false;
  let depth = 0;
  let begin = 0;
  for (let at = 0; at <= value.length; at++) {
    const character = value[at];
    if (character === '\\' && isQuoted) at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === '<' && !isQuoted) depth = 1;
    else if (character === '>' && !isQuoted) depth = 0;
    else if (character === undefined || (character === ',' && !isQuoted && depth === 0)) {
      const each = value.slice(begin, at).trim();
      if (each !== '') values.push(each);
      begin = at + 1;
    }
  }
  return values;
}

/** The URI of a From, To, Contact, Route or Record-Route value. Without angle brackets its parameters are the header's. */
export function uriOf(value: string): string {
  const open = openOf(value);
  if (open < 0) return value.split(';', 1)[0]?.trim() ?? '';
  const close = value.indexOf('>', open);
  return value.slice(open + 1, close < 0 ? undefined : close).trim();
}

/** What stands behind the URI: `;tag=x`. */
export function paramsOf(value: string): string {
  const open = openOf(value);
  const close = open < 0 ? -1 : value.indexOf('>', open);
  if (close >= 0) return value.slice(close + 1);
  const semicolon = value.indexOf(';');
  return semicolon < 0 ? '' : value.slice(semicolon);
}

export function tagOf(value: string): string {
  return paramOf(paramsOf(value), 'tag') ?? '';
}

/** One of `;a=b;c`; '' of a parameter without a value, undefined of one that is not there. The name is in lower case. */
export function paramOf(params: string, name: string): string | undefined {
  for (let at = params.indexOf(';'); at >= 0; ) {
    const next = params.indexOf(';', at + 1);
    const end = next < 0 ? params.length : next;
    const equals = params.indexOf('=', at + 1);
    const hasValue = equals >= 0 && equals < end;
    const nameEnd = hasValue ? equals : end;
    if (isNamed(params, at + 1, nameEnd, name)) return hasValue ? params.slice(equals + 1, end).trim() : '';
    at = next;
  }
  return undefined;
}

function isNamed(params: string, begin: number, end: number, name: string): boolean {
  if (end - begin < name.length) return false;
  if (end - begin === name.length && params.startsWith(name, begin)) return true;
  return params.slice(begin, end).trim().toLowerCase() === name;
}

/** Where the URI begins, behind a display name that may have angle brackets in its quotes. */
function openOf(value: string): number {
  if (!value.startsWith('"')) return value.indexOf('<');
  let at = 1;
  while (at < value.length && value[at] !== '"') at += value[at] === '\\' ? 2 : 1;
  return value.indexOf('<', at);
}
