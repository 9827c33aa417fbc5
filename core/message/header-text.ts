import { decodeText, indexOfOctet, skipLws, skipToken, trimEnd } from './bytes.ts';
import { HeaderId, headerIdOfName, headerName, sameHeaderName } from './header.ts';
import type { HeaderIndex } from './header-index.ts';

const CR = 0x0d;
const SP = 0x20;

/** A header field as a program sees it: the name in its usual spelling, the value decoded and unfolded. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** The text of a trimmed value: UTF-8, each fold as one space. */
export function valueText(bytes: Uint8Array, start: number, end: number): string {
  if (indexOfOctet(bytes, CR, start, end) === end) return decodeText(bytes, start, end);
  const unfolded = new Uint8Array(end - start);
  let size = 0;
  for (let at = start; at < end; ) {
    if (bytes[at] === CR) {
      size = trimEnd(unfolded, 0, size);
      unfolded[size++] = SP;
      at = skipLws(bytes, at, end);
    } else {
      unfolded[size++] = bytes[at++] as number;
    }
  }
  return decodeText(unfolded, 0, size);
}

/** Every line of `index`, in its order. */
export function headerFields(bytes: Uint8Array, index: HeaderIndex): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let line = 0; line < index.count; line++) {
    fields.push({
      name: nameText(bytes, index, line),
      value: valueText(bytes, index.valueStart(line), index.valueEnd(line)),
    });
  }
  return fields;
}

/** The index of the first line that `name` names, long or compact, in any case; -1 if there is none. */
export function lineNamed(bytes: Uint8Array, index: HeaderIndex, name: string): number {
  const id = headerIdOfName(name);
  let line = index.first(id);
  if (id !== HeaderId.Other) return line;
  while (line >= 0 && !sameHeaderName(nameText(bytes, index, line), name)) line = index.next(line);
  return line;
}

/** A known field's usual name also where its compact form was sent; another's as it was sent. */
function nameText(bytes: Uint8Array, index: HeaderIndex, line: number): string {
  const usual = headerName(index.id(line));
  if (usual !== '') return usual;
  const start = index.lineStart(line);
  return decodeText(bytes, start, skipToken(bytes, start, index.valueStart(line)));
}
