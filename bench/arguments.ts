import { type ParseArgsConfig, parseArgs } from 'node:util';

/** An option that takes a count. */
export interface CountOption {
  readonly default: number;
  readonly max: number;
}

/** A command line that asks for help, or cannot be followed. */
export type Unfollowed = { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string };

/** The command line of a bench that takes counts and `--json`, read. */
export type CountArguments<Name extends string> =
  | { readonly kind: 'run'; readonly counts: Readonly<Record<Name, number>>; readonly json: string | undefined }
  | Unfollowed;

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** An option that takes text. */
export const text = { type: 'string' } as const;

/** Reads the options and `--help`; `ask` makes of them what is asked for. An error that is thrown says what is wrong. */
export function readOptions<const O extends Options, Asked>(
  args: readonly string[],
  options: O,
  ask: (values: Values<O>) => Asked,
): Asked | Unfollowed {
  try {
    const config: ParseArgsConfig = { args: [...args], options: { ...options, help: { type: 'boolean' } } };
    const { values } = parseArgs(config);
    return values['help'] === true ? { kind: 'help' } : ask(values as Values<O>);
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Reads `--NAME COUNT` for each of the options, `--json FILE` and `--help`; what is wrong is a sentence. */
export function readCounts<Name extends string>(
  args: readonly string[],
  options: Readonly<Record<Name, CountOption>>,
): CountArguments<Name> {
  const names = Object.keys(options) as Name[];
  const taken = { ...Object.fromEntries(names.map((name) => [name, text])), json: text };
  return readOptions(args, taken, (values) => {
    const given: Readonly<Record<string, string | undefined>> = values;
    const counts = names.map((name) => [name, countOf(name, given[name], options[name])] as const);
    return { kind: 'run', counts: Object.fromEntries(counts) as Record<Name, number>, json: values.json };
  });
}

function countOf(name: string, text: string | undefined, option: CountOption): number {
  return text === undefined ? option.default : wholeOf(`--${name}`, text, 1, option.max);
}

/** A whole number in its bounds. @throws Error with the sentence that says so */
export function wholeOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${option} is a whole number from ${min} to ${max}, not '${text}'.`);
}

/** A number in its bounds, parts of one taken. @throws Error with the sentence that says so */
export function numberOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== '' && value >= min && value <= max) return value;
  throw new Error(`${option} is a number from ${min} to ${max}, not '${text}'.`);
}

/** One of the names that there are. @throws Error with the sentence that lists them */
export function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw new Error(`${option} is one of ${known.join(', ')}, not '${text}'.`);
  return found;
}
