/** A message as its lines, to be changed and written. */
export interface MessageText {
  readonly start: string;
  /** Header lines without their ends. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** Any text, as such a message. */
export function messageText(text: string): MessageText {
  const headEnd = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = (headEnd < 0 ? text : text.slice(0, headEnd)).split('\r\n');
  return { start, lines, body: headEnd < 0 ? '' : text.slice(headEnd + 4) };
}

/**
 * Changes a message by lines: `Name: value` takes the place of all lines of that name, and comes again after it for the next one of
 * the same name; `-Name` leaves them out; `!` begins another start line; any other line is added as it is. Behind an empty
 * line stands another body.
 */
export function changed({ start, lines, body }: MessageText, changes: string): MessageText {
  if (changes === '') return { start, lines, body };
  const split = /\r?\n\r?\n/.exec(changes);
  const head = split === null ? changes : changes.slice(0, split.index);
  const seen = new Set<string>();
  let result = [...lines];
  let newStart = start;
  for (const change of head.split(/\r?\n/)) {
    if (change === '') continue;
    const colon = change.indexOf(':');
    if (change[0] === '!') newStart = change.slice(1);
    else if (change[0] === '-') result = result.filter((line) => !isNamed(line, change.slice(1)));
    else if (colon <= 0) result.push(change);
    else {
      const name = change.slice(0, colon).toLowerCase();
      const at = seen.has(name) ? -1 : result.findIndex((line) => isNamed(line, name));
      if (at >= 0) result = result.filter((line, index) => index <= at || !isNamed(line, name));
      if (at >= 0) result[at] = change;
      else result.push(change);
      seen.add(name);
    }
  }
  return { start: newStart, lines: result, body: split === null ? body : changes.slice(split.index + split[0].length) };
}

/** The message with a true Content-Length, unless its lines say one. */
export function writtenText({ start, lines, body }: MessageText): string {
  const length = lines.some((line) => isNamed(line, 'content-length')) ? [] : [`Content-Length: ${body.length}`];
  const typed = body === '' || lines.some((line) => isNamed(line, 'content-type'));
  const type = typed ? [] : ['Content-Type: application/sdp'];
  return [start, ...lines, ...type, ...length, '', body].join('\r\n');
}

function isNamed(line: string, name: string): boolean {
  return line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name.toLowerCase();
}
