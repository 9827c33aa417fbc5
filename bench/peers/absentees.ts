import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ours } from '../figures.ts';
import { findProgram } from './program.ts';

const remedy = 'it is not installed; `npm run peers` does that';

/** Who cannot take part, and why. Where we cannot, nobody can be compared. */
export function absentees(find: (program: string) => string | undefined = findProgram): Map<string, string> {
  const absent = new Map<string, string>();
  if (!existsSync('/proc/self/stat')) absent.set(ours, 'processes are looked at by /proc, which is not here');
  if (find('sipp') === undefined) absent.set('SIPp', remedy);
  if (find('kamailio') === undefined) absent.set('Kamailio', remedy);
  try {
    createRequire(import.meta.url).resolve('sip');
  } catch {
    absent.set('npm sip', 'it is not installed; `npm install sip` does that');
  }
  return absent;
}
