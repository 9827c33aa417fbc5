import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file beside the sources of the beds. The compiler does not copy such files, so the built code looks for them there. */
export function bedFile(...path: readonly string[]): string {
  return join(packageRoot(dirname(fileURLToPath(import.meta.url))), 'test', 'peers', ...path);
}

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json above the beds');
  return packageRoot(parent);
}
