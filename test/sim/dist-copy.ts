import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../../bench/package-root.ts';

/** The built code, of which this is a part. */
export const distFolder: string = join(import.meta.dirname, '../..');

/**
 * A copy of the built code in which a file may be edited. It stands in a folder that looks like the package's own: what is not
 * copied leads there. No file is shared: a build that runs meanwhile writes into the files that are there.
 */
export class DistCopy {
  readonly dist: string;

  /** `folder` is there and empty, and below the package's. */
  constructor(folder: string) {
    this.dist = join(folder, 'dist');
    copy(distFolder, this.dist);
    const root = packageRoot();
    for (const name of readdirSync(root)) {
      if (name !== 'dist' && !name.startsWith('.out-') && name !== '.git')
        symlinkSync(relative(folder, join(root, name)), join(folder, name));
    }
  }

  /** Writes another text in the place of a file's own; `file` is below `dist`. */
  edit(file: string, text: string): void {
    writeFileSync(join(this.dist, file), text);
  }
}

/** A file of the built code. */
export function builtText(file: string): string {
  return readFileSync(join(distFolder, file), 'utf8');
}

/** Whether there is such a file in the built code. */
export function isBuilt(file: string): boolean {
  return existsSync(join(distFolder, file));
}

function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copy(source, target);
    else if (/\.js(\.map)?$/.test(entry.name)) copyFileSync(source, target);
  }
}
