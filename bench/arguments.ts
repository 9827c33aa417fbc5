import { parseArgs } from 'node:util';

/** An option that takes a count. */
export interface CountOption {
  readonly default: number;
  readonly max: number;
}

/** The command line of a bench that takes counts and `--json`, read. */
export type CountArguments<Name extends string> =
  | { readonly kind: 'run'; readonly counts: Readonly<Record<Name, number>>; readonly json: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads `--NAME COUNT` for each of the options, `--json FILE` and `--help`; what is wrong is a sentence. */
export function readCounts<Name extends string>(
  args: readonly string[],
  options: Readonly<Record<Name, CountOption>>,
): CountArguments<Name> {
  const names = Object.keys(options) as Name[];
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const given: Readonly<Record<string, unknown>> = values;
    const counts = names.map((name) => [name, countOf(name, given[name], options[name])] as const);
    const json = typeof values.json === 'string' ? values.json : undefined;
    return { kind: 'run', counts: Object.fromEntries(counts) as Record<Name, number>, json };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

function countOf(name: string, text: unknown, option: CountOption): number {
  if (text === undefined) return option.default;
  const count = Number(text);
  if (text !== '' && Number.isInteger(count) && count >= 1 && count <= option.max) return count;
  throw new Error(`--${name} is a whole number from 1 to ${option.max}, not '${text}'.`);
}

/** A whole number in its bounds. @throws Error with the sentence that says so */
export function wholeOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option} is a whole number from ${min} to ${max}, not '${text}'.`);
}

/** One of the names that there are. @throws Error with the sentence that lists them */
export function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw new Error(`${option} is one of ${known.join(', ')}, not '${text}'.`);
  return found;
}
