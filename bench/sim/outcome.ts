/** What became of one seed: plain data, since it crosses processes. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
}

/** A rule that was broken, once. */
export interface Violation {
  /** The rule's name, such as `one-outcome`. */
  readonly rule: string;
  /** Virtual milliseconds from the start. */
  readonly atMs: number;
  readonly what: string;
  /** The dialog that it concerns, where it concerns one. */
  readonly callId?: string;
}

/** What happened in a run, counted. Numbers of several seeds are added up, key by key. */
export interface Tally {
  readonly virtualMs: number;
  /** Messages whose fate was decided on the network. */
  readonly messages: number;
  readonly calls: number;
  /** Faults that were carried out, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Heals that got through, by rung of the ladder. */
  readonly heals: Readonly<Record<string, number>>;
  /** How dialogs ended: `local bye`. */
  readonly endings: Readonly<Record<string, number>>;
  /** How often each row of the protocol's tables was taken, 0 included: `table: row`. */
  readonly rows: Readonly<Record<string, number>>;
}
