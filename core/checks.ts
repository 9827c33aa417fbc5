import { UsageError } from './errors.ts';
import { isHeaderValue } from './message/header.ts';
import type { Clock, Transport } from './shard/inline.ts';

/**
 * What a program without types may have got wrong. Each check throws a `UsageError` that begins with the name of the argument or
 * option, and never anything else, whatever it is given.
 */

export function needObject(name: string, value: unknown): void {
  if (!isObject(value) || Array.isArray(value)) throw new UsageError(`${name} needs an object, not ${shown(value)}.`);
}

/** A list, which may be empty; what was left out of it is `undefined`. */
export function needList<T>(name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new UsageError(`${name}: give a list; it may be empty.`);
  return [...value];
}

export function needFlag(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new UsageError(`${name} is true or false, not ${shown(value)}.`);
}

export function needText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new UsageError(`${name} is a text, not ${shown(value)}.`);
}

/** What a record can carry to another stack. */
const groupLengthMax = 1024;

/** The name of a group of dialogs. */
export function needGroup(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.length > groupLengthMax || /[\ud800-\udfff]/u.test(value)) {
    throw new UsageError(`${name} takes the name of a group, a text of at most ${groupLengthMax} characters.`);
  }
}

/** A text that may stand in a header line. */
export function needLine(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || !isHeaderValue(value)) {
    throw new UsageError(`${name} is a text of one line, and not empty.`);
  }
}

export function whole(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw new UsageError(`${name} is a whole number, not ${shown(value)}.`);
  return positive(name, value, least, most);
}

export function positive(name: string, value: number, least: number, most: number): number {
  if (!(typeof value === 'number' && value >= least && value <= most)) {
    throw new UsageError(`${name} is a number from ${least} to ${most}, not ${shown(value)}.`);
  }
  return value;
}

/** A function, where there is anything at all. */
export function needFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new UsageError(`${name} is a function, not ${shown(value)}.`);
  }
}

/** An AbortSignal, of whatever realm, where there is anything at all. */
export function needSignal(name: string, value: unknown): void {
  if (value === undefined) return;
  const isSignal = isObject(value) && typeof value['aborted'] === 'boolean' && isCallable(value, 'addEventListener');
  if (!isSignal) throw new UsageError(`${name} is an AbortSignal, not ${shown(value)}.`);
}

export function needClock(value: unknown): asserts value is Clock | undefined {
  if (value === undefined) return;
  const isClock = isObject(value) && ['nowMs', 'wake', 'defer'].every((name) => isCallable(value, name));
  if (!isClock) throw new UsageError('clock is an object with nowMs, wake and defer, such as a VirtualClock.');
}

export function needTransports(value: unknown): asserts value is readonly Transport[] {
  const isTransport = (each: unknown): boolean =>
    isObject(each) && isCallable(each, 'open') && typeof each['protocol'] === 'string';
  if (!Array.isArray(value) || value.length === 0 || ![...value].every(isTransport)) {
    throw new UsageError('transports: give at least one, such as udp({ host, port }).');
  }
}

/** @param names Every name that there is. */
export function refuseUnknown(where: string, given: object, names: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw new UsageError(`There is no option ${where}${unknown}. There are: ${names.join(', ')}.`);
}

/** The names of all options that there are: the compiler sees to it that none is left out. */
export type NamesOf<Options> = { readonly [Name in keyof Required<Options>]: true };

/** The options of a call. */
export function needOptions(call: string, options: unknown, names: Readonly<Record<string, true>>): void {
  needObject(call, options);
  refuseUnknown(`${call}: `, options as object, Object.keys(names));
}

/** A value as an error names it: `String` would throw on some. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCallable(object: Readonly<Record<string, unknown>>, name: string): boolean {
  return typeof object[name] === 'function';
}
