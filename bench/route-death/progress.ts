const barWidth = 20;

/** Milliseconds between two pictures of a bar, and between two plain lines. */
const intervalMs = { bar: 100, line: 1000 } as const;

/** What a phase has reached. */
export interface Reached {
  readonly count: number;
  /** What else is worth knowing. */
  readonly note?: string;
}

/** Shows how phases get on: as a bar on a terminal, as plain lines elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  /** Shows `read` beside `total` until `work` is done, and gives what the work gives. */
  async during<T>(label: string, total: number, read: () => Reached, work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const show = (): void => {
      const { count, note = '' } = read();
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const text = `${label.padEnd(22)} ${formatted(count).padStart(9)} of ${formatted(total)}  ${seconds} s${note && `  ${note}`}`;
      if (this.#out.isTTY) this.#out.write(`\r\x1b[2K${`${bar(count / total)} ${text}`.slice(0, this.#width)}`);
      else this.#out.write(`${text}\n`);
    };
    const timer = setInterval(show, this.#out.isTTY ? intervalMs.bar : intervalMs.line);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      show();
      if (this.#out.isTTY) this.#out.write('\n');
    }
  }

  /** A longer line would wrap, and stay. Some terminals do not know their width and say 0. */
  get #width(): number {
    return (this.#out.columns || 80) - 1;
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}

function bar(part: number): string {
  const filled = Math.round(Math.min(1, part) * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
}

function formatted(count: number): string {
  return count.toLocaleString('en-US');
}
