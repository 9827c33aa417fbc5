import { decodeText } from './bytes.ts';

/** The methods that we know by name; compare with `===`. @see RFC 3261 §7.1 and the RFCs that extend it */
export const knownMethods: readonly string[] = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
  'MESSAGE',
  'PUBLISH',
];

/** For each length the known methods of that length. */
const bySize: readonly (readonly string[])[] = Array.from({ length: 10 }, (_, size) =>
  knownMethods.filter((method) => method.length === size),
);

/** The method that [start, end) spells, in its exact case: a known one without making a string. */
export function methodOf(bytes: Uint8Array, start: number, end: number): string {
  const candidates = bySize[end - start];
  if (candidates !== undefined) {
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (candidate !== undefined && spells(bytes, start, candidate)) return candidate;
    }
  }
  return decodeText(bytes, start, end);
}

function spells(bytes: Uint8Array, start: number, method: string): boolean {
  for (let i = 0; i < method.length; i++) {
    if (bytes[start + i] !== method.charCodeAt(i)) return false;
  }
  return true;
}

/** Requests that refresh the remote target. @see RFC 5057 §5.4 */
export function isTargetRefresh(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}
