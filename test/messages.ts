import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A message of an RFC, and where it stands there. */
export interface Quoted {
  readonly section: string;
  readonly label: string;
  /** With CRLFs. */
  readonly text: string;
}

/** The messages of RFC 3665's or RFC 4028's flows, in the order of the text. */
export function quoted(rfc: 'rfc3665' | 'rfc4028'): readonly Quoted[] {
  return JSON.parse(readFileSync(join(folder(), `${rfc}.json`), 'utf8'));
}

/** The torture messages of RFC 4475 by their names there, octet for octet. @see RFC 4475 appendix A */
export function tortures(): ReadonlyMap<string, Uint8Array> {
  const from = join(folder(), 'rfc4475');
  return new Map(readdirSync(from).map((name) => [name.replace(/\.dat$/, ''), readFileSync(join(from, name))]));
}

/** The compiler does not copy such files, so the built code looks for them beside the sources. */
function folder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return join(at, 'test', 'messages');
    if (dirname(at) === at) throw new Error('no package.json above the tests');
  }
}
