import { builtText, type DistCopy, isBuilt } from './dist-copy.ts';

/** An edit of the built code that some seed must tell. */
export interface Canary {
  readonly name: string;
  /** Below `dist`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the code does then. */
  readonly says: string;
}

/** Why the edit cannot be made any more; undefined when it can. */
export function faultOfCanary({ name, file, find, replace }: Canary): string | undefined {
  if (!isBuilt(file)) return `canary ${name}: there is no ${file} any more`;
  const count = builtText(file).split(find).length - 1;
  if (count !== 1) return `canary ${name}: its text is ${count} times in ${file}, not once:\n${find}`;
  return find === replace ? `canary ${name} changes nothing` : undefined;
}

/** Makes the edit. @throws when it cannot be made */
export function plant(canary: Canary, copy: DistCopy): void {
  const fault = faultOfCanary(canary);
  if (fault !== undefined) throw new Error(fault);
  const { file, find, replace } = canary;
  copy.edit(file, builtText(file).split(find).join(replace));
}
