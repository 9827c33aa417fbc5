import { fuzzSession } from './session.ts';
import { isTargetName } from './targets.ts';

/** Fuzzes one target in a process of its own, which `main.ts` starts, until it is told to stop. */

/** What a worker says of itself, about once a second and when it ends. */
export interface Progress {
  readonly executions: number;
  readonly corpus: number;
  readonly blocks: { readonly ran: number; readonly known: number };
  /** Those that are new since the last time. */
  readonly findings: readonly { readonly rule: string; readonly message: string; readonly input: Uint8Array }[];
}

const toldEveryMs = 1_000;

const [, , name = '', seed, minutes] = process.argv;
if (!isTargetName(name) || process.send === undefined) throw new Error('worker is started by main.js');
let stopped = false;
process.on('SIGINT', () => {}); // the parent hears it too, and says when to stop
process.on('message', () => {
  stopped = true;
});
process.once('disconnect', () => process.exit(1)); // the parent has gone

const { fuzzer, coverage } = await fuzzSession(name, { seed: Number(seed), watchesPace: true });
fuzzer.begin();
const endMs = performance.now() + Number(minutes) * 60_000;
let told = 0;
for (let toldMs = 0; !stopped && performance.now() < endMs; fuzzer.step()) {
  if (performance.now() - toldMs < toldEveryMs) continue;
  toldMs = performance.now();
  await tell();
}
await tell();
process.exit(0);

/** Lets what the parent says come in, too. */
function tell(): Promise<void> {
  const findings = [...fuzzer.findings.values()].slice(told);
  told += findings.length;
  const progress: Progress = {
    executions: fuzzer.executions,
    corpus: fuzzer.corpus.count,
    blocks: coverage.count(),
    findings,
  };
  return new Promise((resolve) => process.send?.(progress, () => setImmediate(resolve)));
}
