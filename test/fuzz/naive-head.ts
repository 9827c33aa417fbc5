import { type HeaderId, headerIdOfName, headerName } from '../../core/message/header.ts';
import { textOctets } from './octets-text.ts';

/** A message taken apart the slow and plain way, to compare with. One character stands for one octet. @see RFC 3261 §7 */
export interface NaiveMessage {
  readonly startLine: string;
  readonly lines: readonly { readonly name: string; readonly value: string; readonly id: HeaderId }[];
  /** All behind the empty line. */
  readonly rest: string;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Undefined where there is no empty line behind the start line. */
export function readNaively(octets: string): NaiveMessage | undefined {
  const text = octets.replace(/^(?:\r\n)*/, '');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  // A line that begins with white space goes on with the line before it.
  const [startLine = '', ...lines] = text.slice(0, end).split(/\r\n(?![ \t])/);
  return { startLine, lines: lines.map(readLine), rest: text.slice(end + 4) };
}

function readLine(line: string): NaiveMessage['lines'][number] {
  const colon = line.indexOf(':');
  const sent = trimmed(line.slice(0, colon));
  const id = headerIdOfName(sent);
  return { name: headerName(id) || sent, value: unfolded(line.slice(colon + 1)), id };
}

/** Folds, however many together, as one space, and none at either end; decoded. */
function unfolded(value: string): string {
  const pieces = value.split('\r\n').map(trimmed);
  return decoded(pieces.filter((piece) => piece !== '').join(' '));
}

/** Without the spaces and tabs around it. No regular expression: those look at a long run of them again and again. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

export function decoded(octets: string): string {
  return decoder.decode(textOctets(octets));
}
