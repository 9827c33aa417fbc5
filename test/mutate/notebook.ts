import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { builtText } from '../sim/dist-copy.ts';
import type { Verdict } from './judge.ts';
import type { Mutation } from './mutation.ts';

/** A mutation and what became of it. */
export interface Judged extends Mutation, Verdict {}

interface Page {
  /** Of the mutations and of the code that they change. */
  readonly fingerprint: string;
  readonly judged: readonly Judged[];
}

/** What has been judged, in a file: a run that was cut short goes on where it was, as long as it is about the same. */
export class Notebook {
  readonly #file: string;
  readonly #fingerprint: string;
  readonly #judged: Judged[];

  /** `files` are those of the built code that decide what verdicts are worth. */
  constructor(file: string, mutations: readonly Mutation[], files: readonly string[], seeds: number) {
    const hash = createHash('sha256').update(JSON.stringify({ mutations, seeds }));
    for (const each of files) hash.update(builtText(each));
    this.#file = file;
    this.#fingerprint = hash.digest('hex');
    const page = pageIn(file);
    this.#judged = page?.fingerprint === this.#fingerprint ? [...page.judged] : [];
  }

  get judged(): readonly Judged[] {
    return this.#judged;
  }

  verdict({ file, start, end, kind }: Mutation): Judged | undefined {
    return this.#judged.find((one) => one.file === file && one.start === start && one.end === end && one.kind === kind);
  }

  add(judged: Judged): void {
    this.#judged.push(judged);
    const page: Page = { fingerprint: this.#fingerprint, judged: this.#judged };
    writeFileSync(this.#file, `${JSON.stringify(page, undefined, 1)}\n`);
  }
}

function pageIn(file: string): Page | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Page;
  } catch {
    return undefined; // cut off as it was written
  }
}
