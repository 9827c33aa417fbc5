import type { FieldSink } from './fields.ts';

/** A parser that runs in this process. */
export interface Parser {
  readonly name: string;
  /** Reads one message from the octets that came in, and tells its fields. @throws when it cannot read the message */
  read(bytes: Uint8Array, into: FieldSink): void;
}

/** A parser that cannot be measured here, and what would change that. */
export interface Missing {
  readonly name: string;
  readonly missing: string;
}
