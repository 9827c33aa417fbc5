import { readFileSync } from 'node:fs';

/** Resident sizes of processes over time, in octets; seconds count from the beginning. */
export interface MemoryCurve {
  readonly atS: readonly number[];
  readonly sizes: readonly { readonly name: string; readonly octets: readonly number[] }[];
}

/** The process that is measured, among those of a curve. */
export const stackName = 'stack';

const intervalMs = 250;
/** As Linux has them on the machines that Node runs on. */
const pageSize = 4096;

/** Looks at processes from outside, so that they have no work with it. Where there is no `/proc` it sees nothing. */
export class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #atS: number[] = [];
  readonly #sizes: { readonly name: string; readonly octets: number[] }[];
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(processes: Readonly<Record<string, number>>) {
    this.#pids = Object.values(processes);
    this.#sizes = Object.keys(processes).map((name) => ({ name, octets: [] }));
    this.#timer = setInterval(() => this.look(), intervalMs);
  }

  stop(): MemoryCurve {
    clearInterval(this.#timer);
    return { atS: this.#atS, sizes: this.#sizes };
  }

  /** Once more, beside the looks that it has by itself. */
  look(): void {
    try {
      const octets = this.#pids.map(residentSize);
      this.#atS.push((performance.now() - this.#startMs) / 1000);
      for (const [index, size] of octets.entries()) this.#sizes[index]?.octets.push(size);
    } catch {
      clearInterval(this.#timer);
    }
  }
}

function residentSize(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * pageSize;
}
