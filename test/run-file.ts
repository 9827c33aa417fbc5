import { pathToFileURL } from 'node:url';
import type { FileReport } from './report.ts';
import { skips } from './skip.ts';

/**
 * Runs one built test file in this process and reports to the parent: `run.ts` starts one of these a file.
 *
 * uvu tells nobody its counts, and it counts a suite whose `before` hook threw as passed. So the suites are taken from
 * the queue that uvu's own command line uses, and counted here.
 */

/** One suite as uvu queues it; gives the errors, and how many tests passed, were skipped and were there. */
type RunSuite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

declare global {
  /** When set before uvu is loaded, suites wait in the queue instead of starting by themselves. */
  var UVU_DEFER: number | undefined;
  var UVU_INDEX: number | undefined;
  var UVU_QUEUE: (RunSuite | null)[][] | undefined;
}

/** How long sockets and workers may take to go once the tests are done. */
const lingerMs = 2000;

process.once('disconnect', () => process.exit(1)); // the runner is gone
process.channel?.unref();
const [, , file] = process.argv;
if (file === undefined || process.send === undefined)
  throw new Error('run-file is started by run.js, with a test file');
const report = await runFile(file);
await tell(report);
watchForLeaks(report);

async function runFile(path: string): Promise<FileReport> {
  globalThis.UVU_DEFER = 1;
  globalThis.UVU_INDEX = 0;
  const uvu = await import('uvu');
  const queue: (RunSuite | null)[] = [null];
  globalThis.UVU_QUEUE?.splice(0, Number.POSITIVE_INFINITY, queue);
  await import(pathToFileURL(path).href);

  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const complaints: string[] = [];
  for (const [index, run] of queue.entries()) {
    if (run === null) continue;
    queue[index] = async () => {
      const result = await run();
      const [errors, passes, skipsOfSuite, total] = result;
      passed += passes;
      failed += total - passes;
      skipped += skipsOfSuite;
      if (errors === true && passes < total)
        console.error('A hook threw before every test had run; uvu does not say what it threw.');
      return result;
    };
  }
  await uvu.exec();
  if (passed + failed + skipped === 0) complaints.push('it ran nothing: is test.run() missing at its end?');
  if (skipped > skips.length) {
    complaints.push(
      `${skipped - skips.length} skipped without a reason: use skip() or needs() of test/skip.ts, and no test.only`,
    );
  }
  return { passed, failed, skips, complaints };
}

function tell(message: FileReport): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

/** A process that does not end by itself now has left something open. The timer alone does not keep it alive. */
function watchForLeaks(told: FileReport): void {
  setTimeout(async () => {
    const ours = 'PipeWrap'; // standard output, and the way to the runner
    const open = process.getActiveResourcesInfo().filter((resource) => resource !== ours);
    await tell({ ...told, complaints: [...told.complaints, `its tests left something open: ${open.join(', ')}`] });
    process.exit(1);
  }, lingerMs).unref();
}
