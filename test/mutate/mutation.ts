/** How a mutation changes the code. */
export const mutationKinds = ['negate', 'drop', 'swap', 'bound', 'equal', 'return'] as const;

export type MutationKind = (typeof mutationKinds)[number];

/** One change of one built file: plain data. */
export interface Mutation {
  /** Below `dist`. */
  readonly file: string;
  readonly kind: MutationKind;
  /** Offsets in the file's text, and what stands there instead. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The file's text with the change. */
export function mutated(text: string, { start, end, replacement }: Mutation): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Says what is changed, in a line. */
export function changeOf(text: string, { kind, start, end, replacement }: Mutation): string {
  const before = oneLine(text.slice(start, end));
  if (kind === 'return') return 'return at the beginning';
  return kind === 'drop' ? `drop ${before}` : `${before}  →  ${oneLine(replacement)}`;
}

const shownMax = 120;

function oneLine(code: string): string {
  const line = code.replace(/\s+/g, ' ').trim();
  return line.length <= shownMax ? line : `${line.slice(0, shownMax)} …`;
}
