import { type Profiler, Session } from 'node:inspector';

/** What V8 has told of one function. Octet `i` stands for the function's character `i`. */
interface FunctionMap {
  /** 1 for what belongs to a block that has run. */
  readonly ran: Uint8Array;
  /** What ran since the last look. */
  readonly running: Uint8Array;
  /** Where V8 ever had a block begin: it tells blocks apart only where they differ. */
  readonly edges: Set<number>;
}

/** Counts for all, one at a time, as long as the process lives: V8 cannot begin again with files that it has counted in before. */
let shared: Session | undefined;

function startedSession(): Session {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  // Without counts V8 tells of a function once, and then no more when all of its blocks have run.
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return session;
}

/**
 * Which blocks of some source files have run, by V8's own counting in this process. What costs is the asking, one or two
 * milliseconds: many inputs are run before each look.
 *
 * Of a function that it has optimized V8 says nothing when all of its blocks have run equally often, as they do for one input that
 * reaches all of them. So let inputs of more than one kind run before a look.
 *
 * Make it before the files are loaded: V8 sees no blocks in what was loaded before the first was made.
 */
export class Coverage {
  readonly #session: Session;
  readonly #isWanted: (url: string) => boolean;
  readonly #functions = new Map<string, FunctionMap>();
  #fresh: FunctionMap[] = [];

  /** `isWanted` says of a file's URL whether its blocks count. */
  constructor(isWanted: (url: string) => boolean) {
    this.#isWanted = isWanted;
    shared ??= startedSession();
    this.#session = shared;
  }

  /** Whether something has run since the last look that had not by the last `keep`. */
  look(): boolean {
    this.#fresh = [];
    // Within one process the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, report) => {
      if (error !== null) throw error;
      for (const { url, scriptId, functions } of report.result) {
        if (this.#isWanted(url)) for (const { ranges } of functions) this.#read(scriptId, ranges);
      }
    });
    return this.#fresh.length > 0;
  }

  /** What the last look saw is no longer new. */
  keep(): void {
    for (const { ran, running } of this.#fresh) {
      for (let at = 0; at < ran.length; at++) ran[at] = (ran[at] as number) | (running[at] as number);
    }
    this.#fresh = [];
  }

  /** Blocks that have run, of those that V8 has told of: it tells of those inside a block once that block has run. */
  count(): { readonly ran: number; readonly known: number } {
    let count = 0;
    let known = 0;
    for (const { ran, edges } of this.#functions.values()) {
      for (const edge of edges) {
        if (edge === ran.length) continue;
        known++;
        count += ran[edge] as number;
      }
    }
    return { ran: count, known };
  }

  /** The ranges of one function: the whole of it first, and each before those that stand inside it. */
  #read(scriptId: string, ranges: readonly Profiler.CoverageRange[]): void {
    const [whole] = ranges;
    if (whole === undefined) return;
    const map = this.#mapOf(scriptId, whole);
    const { ran, running, edges } = map;
    for (const { startOffset, endOffset, count } of ranges) {
      const start = startOffset - whole.startOffset;
      const end = endOffset - whole.startOffset;
      running.fill(count > 0 ? 1 : 0, start, end);
      edges.add(start).add(end);
    }
    for (let at = 0; at < ran.length; at++) {
      if ((running[at] as number) > (ran[at] as number)) {
        this.#fresh.push(map);
        return;
      }
    }
  }

  #mapOf(scriptId: string, { startOffset, endOffset }: Profiler.CoverageRange): FunctionMap {
    const key = `${scriptId}:${startOffset}:${endOffset}`;
    let map = this.#functions.get(key);
    if (map === undefined) {
      const size = endOffset - startOffset;
      map = { ran: new Uint8Array(size), running: new Uint8Array(size), edges: new Set() };
      this.#functions.set(key, map);
    }
    return map;
  }
}
