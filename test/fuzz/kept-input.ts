import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../bench/package-root.ts';
import { octetsText, textOctets } from './octets-text.ts';
import { isTargetName, type TargetName } from './targets.ts';

/** Where inputs are kept that have broken a rule once. */
export const regressionsFolder: string = join(packageRoot(), 'test/regressions');

/** An input that broke a rule. In its file it stands as text, a string a line, each character an octet. */
export interface KeptInput {
  readonly target: TargetName;
  readonly rule: string;
  readonly input: Uint8Array;
}

/** Writes the file and gives its path. The same input of the same target is one file. */
export function keepInput(kept: KeptInput, folder: string = regressionsFolder): string {
  const { target, rule, input } = kept;
  const octets = octetsText(input).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const path = keptInputPath(kept, folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${escaped(JSON.stringify({ target, rule, octets }, undefined, 2))}\n`);
  return path;
}

/** Where `keepInput` writes it. */
export function keptInputPath({ target, input }: KeptInput, folder: string = regressionsFolder): string {
  return join(folder, `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}.json`);
}

export function readKeptInput(path: string): KeptInput {
  const { target, rule, octets } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly target: string;
    readonly rule: string;
    readonly octets: readonly string[];
  };
  if (!isTargetName(target)) throw new Error(`there is no target '${target}'`);
  return { target, rule, input: textOctets(octets.join('')) };
}

/** JSON in visible ASCII alone, so that a reader sees what is there. */
function escaped(json: string): string {
  return json.replace(/[\x7f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
