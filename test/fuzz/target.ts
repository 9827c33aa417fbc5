/** Something that is fuzzed. */
export interface Target {
  readonly name: string;
  /** Paths of the files and folders whose coverage guides, from the repository's root: `core/message/`, `transport/frame.ts`. */
  readonly covers: readonly string[];
  /** So many inputs run before coverage is asked for: fewer than usual where one takes long. */
  readonly batchSize?: number;
  /** An input may say in few octets to do much: its time is bounded otherwise. */
  readonly isProgram?: boolean;
  /** Pieces of input that only this target understands. */
  readonly words?: readonly Uint8Array[];
  /** Inputs to begin with. */
  starts(): readonly Uint8Array[];
  /** Throws where something does not hold that must hold for any octets. */
  run(input: Uint8Array): void;
}

/** Something that must hold for any input, and did not. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
  /** The same text for every input that breaks it. */
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(detail === '' ? rule : `${rule}: ${detail}`);
    this.rule = rule;
  }
}

/** Throws unless it holds. `rule` says what must hold; `detail` is asked only where it does not. */
export function check(holds: boolean, rule: string, detail: () => string = () => ''): asserts holds {
  if (!holds) throw new BrokenRule(rule, detail());
}

/** Throws unless the two are the same text. */
export function same(actual: string, expected: string, rule: string): void {
  check(actual === expected, rule, () => `${JSON.stringify(actual)} for ${JSON.stringify(expected)}`);
}

/** What went wrong, in the same words for every input with which it goes wrong that way. */
export function ruleOf(error: unknown): string {
  if (error instanceof BrokenRule) return error.rule;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const where = /at (?:.*\()?(?:file:\/\/)?\S*\/((?:core|transport|test)\/\S+?):\d+:\d+\)?/.exec(
    error.stack ?? '',
  )?.[1];
  return `${error.name} in ${where ?? 'no file of ours'}: ${error.message.replace(/\d+/g, 'N')}`;
}
