import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the accounting in a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A program with all that it has forked, as Linux accounts for them. Sees what is there at the time. */
export class ProcessFamily {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** User and system time of all threads, in milliseconds, in steps of 10; of a process that is gone, none. */
  get cpuMs(): number {
    let ticks = 0;
    for (const pid of this.pids) {
      const fields = statOf(pid);
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }
    return (1000 * ticks) / ticksPerSecond;
  }

  /** Resident octets; what the processes of a family share counts once. */
  get rssSize(): number {
    let own = 0;
    let shared = 0;
    for (const pid of this.pids) {
      const status = read(`/proc/${pid}/status`);
      const kilobytes = (name: string): number =>
        Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
      own += kilobytes('RssAnon');
      shared = Math.max(shared, kilobytes('RssFile') + kilobytes('RssShmem'));
    }
    return 1024 * (own + shared);
  }

  get pids(): number[] {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (Number.isInteger(pid)) parents.set(pid, Number(statOf(pid)[1] ?? 0));
    }
    const found = new Set([this.pid]);
    for (let before = 0; before !== found.size; ) {
      before = found.size;
      for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
    }
    return [...found].filter((pid) => parents.has(pid));
  }
}

/** Fields behind the name of a process, from its state on. @see proc(5) */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
