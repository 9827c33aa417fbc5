import type { Unfollowed } from './arguments.ts';
import { faultOfReportFile } from './report.ts';

/**
 * Begins a bench as its command line says: help, what is wrong with it, and a report that could not be written come before any work.
 * Gives the exit code.
 */
export async function begin<Asked extends { readonly kind: 'run'; readonly json: string | undefined }>(
  name: string,
  usage: string,
  asked: Asked | Unfollowed,
  run: (asked: Asked) => Promise<number>,
): Promise<number> {
  if (asked.kind === 'help') {
    console.log(usage);
    return 0;
  }
  if (asked.kind === 'wrong') {
    console.error(`${name}: ${asked.message}\n\n${usage}`);
    return 2;
  }
  const fault = asked.json === undefined ? undefined : faultOfReportFile(asked.json);
  if (fault !== undefined) {
    console.error(`${name}: ${fault}`);
    return 2;
  }
  return run(asked);
}
