import type { FieldSink } from '../fields.ts';

/** Reads Session-Expires where a parser leaves that to its user. */
export function tellSessionExpires(value: string | undefined, into: FieldSink): void {
  into.number(value === undefined ? 0 : Number.parseInt(value, 10));
  into.word(value === undefined ? undefined : /;\s*refresher\s*=\s*(ua[cs])/i.exec(value)?.[1]);
}
