import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const folder = join(dirname(createRequire(import.meta.url).resolve('sip/package.json')), 'test', 'messages');

/** A message of RFC 4475, octet for octet, from where the package `sip` has them. Throws where it is missing. */
export function archived(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, `${name}.dat`)));
}
