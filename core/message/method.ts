import { decodeText } from './bytes.ts';
import { Vocabulary } from './vocabulary.ts';

/** The methods that we know by name; compare with `===`. @see RFC 3261 §7.1 and the RFCs that extend it */
const knownMethods: readonly string[] = [
  'INVITE',
  'ACK',
  'BYE',
  'UPDATE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'INFO',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
  'MESSAGE',
  'PUBLISH',
];

const known: ReadonlySet<string> = new Set(knownMethods);

/** Whether a method is one of those: a server refuses it by 405 where it does not support it, and any other by 501. @see RFC 3261 §21.5.2 */
export function isKnownMethod(method: string): boolean {
  return known.has(method);
}

const vocabulary: Vocabulary<string> = new Vocabulary(knownMethods, { exact: true });

/** The method that [start, end) spells, in its exact case: a known one without making a string. */
export function methodOf(bytes: Uint8Array, start: number, end: number): string {
  return vocabulary.find(bytes, start, end) || decodeText(bytes, start, end);
}
