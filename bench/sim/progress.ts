/** Milliseconds between two pictures of a terminal's last line, and between two lines elsewhere. */
const intervalMs = { terminal: 200, file: 30_000 } as const;

/** How far a run has come. */
export interface Reached {
  readonly seeds: number;
  readonly of: number;
  /** With the next, of no interest where a violation is what is looked for. */
  readonly violations?: number;
  readonly virtualMs?: number;
}

/** Shows how the seeds get on, in the last line of a terminal, or by a line now and then elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(read: () => Reached, out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    this.#timer = setInterval(() => this.#show(read()), out.isTTY ? intervalMs.terminal : intervalMs.file);
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** Prints lines that stay. */
  print(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #show(reached: Reached): void {
    const text = progressLine(reached, this.seconds);
    if (!this.#out.isTTY) this.#out.write(`${text}\n`);
    // A longer line would wrap, and stay. Some terminals do not know their width and say 0.
    else this.#out.write(`\r\x1b[2K${text.slice(0, (this.#out.columns || 80) - 1)}`);
  }

  #clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[2K');
  }
}

/** What a run has reached after so many seconds, in a line. */
export function progressLine({ seeds, of, violations, virtualMs }: Reached, seconds: number): string {
  const left = seeds === 0 || seeds === of ? '' : `, ${duration((seconds / seeds) * (of - seeds))} left`;
  const broken =
    violations === undefined ? '' : `, ${violations === 1 ? '1 violation' : `${grouped(violations)} violations`}`;
  const rate = virtualMs === undefined ? '' : `, ${hours(virtualMs / seconds)} virtual hours a second`;
  return `seeds ${grouped(seeds)} of ${grouped(of)}${broken}${rate}${left}`;
}

/** Virtual hours, as long as they deserve. */
export function hours(virtualMs: number): string {
  const count = Number.isFinite(virtualMs) ? virtualMs / 3_600_000 : 0;
  return count.toLocaleString('en-US', { maximumFractionDigits: count < 100 ? 2 : 0 });
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `4 s`, `12 min 5 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
