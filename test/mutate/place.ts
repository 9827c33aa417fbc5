import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../bench/package-root.ts';
import { builtText } from '../sim/dist-copy.ts';
import type { Mutation } from './mutation.ts';

/** Where a change of the built code stands in its source. */
export interface SourcePlace {
  /** Below the package's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** So many lines of the source are shown before and after. */
const contextLines = 3;

export function sourcePlace({ file, start }: Mutation): SourcePlace {
  const before = builtText(file).slice(0, start).split('\n');
  const map = new SourceMap(JSON.parse(builtText(`${file}.map`)) as SourceMapPayload);
  const entry = map.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
  const line = 'originalLine' in entry ? entry.originalLine : 0;
  return { file: file.replace(/\.js$/, '.ts'), line: line + 1 };
}

/** The lines around it, with their numbers. */
export function contextOf({ file, line }: SourcePlace): string[] {
  const lines = readFileSync(join(packageRoot(), file), 'utf8').split('\n');
  const from = Math.max(1, line - contextLines);
  return lines.slice(from - 1, line + contextLines).map((text, index) => {
    const number = from + index;
    return `${number === line ? '>' : ' '} ${String(number).padStart(4)}  ${text}`.trimEnd();
  });
}
