import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json: what the compiler does not copy lies below it, not beside the built code. */
export function packageRoot(folder: string = import.meta.dirname): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('there is no package.json above this code');
  return packageRoot(parent);
}
