import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A program of a bed with all of its children: a process group of its own, and a folder that goes with it.
 *
 * Both go when this process dies, however it dies. For an exit and the usual signals there are handlers; for SIGKILL a
 * guard, a shell outside the group, reads from a pipe that only this process holds open: a line says that all is well,
 * a broken pipe that nobody else will clean up.
 */

export interface Ending {
  /** The exit code of the program; undefined when a signal ended it. */
  readonly code: number | undefined;
  /** The last of what it wrote to standard output. */
  readonly output: string;
  /** The last of what it wrote to standard error. */
  readonly complaints: string;
}

/** As much of each stream is kept. */
const keptSize = 65_536;

/**
 * `$0` is the folder, `$@` the program: the leader of the group becomes it, so that its exit code is the leader's. The
 * guard is not a child of it, for Kamailio waits for all of its children when it ends; nor in its group, to be awake
 * when that is stopped.
 */
const guard = 'read -r line <&3 || { rm -rf -- "$0"; kill -KILL "-$1"; }';
const guarded = `(setsid sh -c '${guard}' "$0" "$$" >/dev/null 2>&1 &); exec 3<&-; exec "$@"`;

const living = new Set<ProgramGroup>();
const fatalSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

export class ProgramGroup {
  /** Process id of the program, which is also the id of its group. */
  readonly pid: number;
  /** The program and all of its children are gone; so is the folder, after `collect` had a look into it. */
  readonly ended: Promise<Ending>;
  readonly #folder: string;

  private constructor(child: ChildProcess, pid: number, folder: string, collect: (() => void) | undefined) {
    this.pid = pid;
    this.#folder = folder;
    if (living.size === 0) watchThisProcess();
    living.add(this);
    const [output, complaints] = [lastOf(child.stdout), lastOf(child.stderr)];
    const guardian = child.stdio[3] as Socket;
    guardian.on('error', () => undefined);
    child.once('exit', () => this.signal('SIGKILL'));
    // These close when the last process of the group is gone.
    const closed = [child.stdout, child.stderr].map(
      (stream) => new Promise((resolve) => stream?.once('close', resolve)),
    );
    this.ended = Promise.all([new Promise<number | null>((resolve) => child.once('exit', resolve)), ...closed]).then(
      ([code]) => {
        living.delete(this);
        if (living.size === 0) unwatchThisProcess();
        collect?.();
        this.removeFolder();
        guardian.end('done\n');
        return { code: code ?? undefined, output: output(), complaints: complaints() };
      },
    );
  }

  /** `build` gives the arguments, and a last look into the folder, when it knows the folder. */
  static start(
    program: string,
    build: (folder: string) => { readonly args: readonly string[]; readonly collect?: () => void },
  ): ProgramGroup {
    const folder = mkdtempSync(join(tmpdir(), 'sipmend-bed-'));
    const { args, collect } = build(folder);
    const child = spawn('/bin/sh', ['-c', guarded, folder, program, ...args], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) {
      child.once('error', () => undefined);
      rmSync(folder, { recursive: true, force: true });
      throw new Error('/bin/sh could not be started');
    }
    return new ProgramGroup(child, child.pid, folder, collect);
  }

  /** Waits until the program is `ready` or has ended. When `signal` aborts first, kills the group and throws. */
  async settled(ready: Promise<void>, signal: AbortSignal): Promise<'ready' | Ending> {
    const overdue = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([ready.then(() => 'ready' as const), this.ended, overdue]);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** SIGKILL to every process of the group; resolves when the last one is gone, and with it their ports. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Sends a signal to every process of the group. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      // Nobody is left in it.
    }
  }

  removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function lastOf(stream: NodeJS.ReadableStream | null): () => string {
  let kept = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    kept = (kept + text).slice(-keptSize);
  });
  return () => kept;
}

function watchThisProcess(): void {
  process.once('exit', endAll);
  for (const signal of fatalSignals) process.once(signal, endAllAndDie);
}

function unwatchThisProcess(): void {
  process.off('exit', endAll);
  for (const signal of fatalSignals) process.off(signal, endAllAndDie);
}

function endAll(): void {
  for (const group of living) {
    group.signal('SIGKILL');
    group.removeFolder();
  }
}

function endAllAndDie(signal: NodeJS.Signals): void {
  unwatchThisProcess();
  endAll();
  process.kill(process.pid, signal);
}
