/**
 * Octets [start, end) of a message. Empty (`start === end`) when the thing is not there.
 *
 * The objects are reused: what a view's span says holds until the view is filled again. Read it at once, or copy the numbers.
 */
export interface Span {
  start: number;
  end: number;
}

/** A fresh empty span, for a view to own. */
export function emptySpan(): Span {
  return { start: 0, end: 0 };
}

/** Empties `span`. */
export function clearSpan(span: Span): void {
  span.start = 0;
  span.end = 0;
}

/** Points `span` at octets [start, end). */
export function setSpan(span: Span, start: number, end: number): void {
  span.start = start;
  span.end = end;
}
