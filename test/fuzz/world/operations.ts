import { octetsText } from '../octets-text.ts';

/**
 * One thing that an input says to do: `~name word word` on a line of its own, and what follows up to the next such line, octet for
 * octet.
 */
export interface Operation {
  /** '' for what stands before the first such line. */
  readonly name: string;
  readonly words: readonly string[];
  readonly text: string;
}

/** So many an input: what they cost must stay within what an input may cost. */
const operationsMax = 96;

/** An input as the operations that it says. Any octets say some. */
export function operationsOf(input: Uint8Array): Operation[] {
  const text = octetsText(input);
  const operations: Operation[] = [];
  let at = 0;
  while (at < text.length && operations.length < operationsMax) {
    const isLine = text[at] === '~';
    const lineEnd = isLine ? endOf(text, '\n', at, 1) : at;
    const end = endOf(text, '\n~', lineEnd - 1, 1);
    const [name = '', ...words] = isLine
      ? text
          .slice(at + 1, lineEnd)
          .trim()
          .split(/\s+/)
      : [];
    operations.push({ name, words, text: text.slice(lineEnd, end) });
    at = end;
  }
  return operations;
}

/** Behind `count` characters of the next `piece` at or after `from`, or at the end. */
function endOf(text: string, piece: string, from: number, count: number): number {
  const at = text.indexOf(piece, Math.max(0, from));
  return at < 0 ? text.length : at + count;
}

/** The one that a word means: by name, or by a number of any size; the first one where it means none. */
export function meant<T>(word: string | undefined, names: readonly string[], things: readonly T[]): T | undefined {
  const named = word === undefined ? 0 : names.indexOf(word);
  return things[named >= 0 ? named : numberOf(word) % Math.max(1, things.length)];
}

/** The number that a word is, bounded; 0 where it is none. */
export function numberOf(word: string | undefined, max: number = 2 ** 31): number {
  const value = Math.trunc(Number(word));
  return value > 0 ? Math.min(value, max) : 0;
}
