import { writeFileSync } from 'node:fs';
import { thisMachine } from './machine.ts';

/** What a bench found, for machines to read. */
export interface Report {
  /** The command's name. */
  readonly scenario: string;
  readonly parameters?: object;
  readonly results: object;
}

/** Why no report can be written there, to be known before the run rather than after; undefined when it can. */
export function faultOfReportFile(file: string): string | undefined {
  try {
    writeFileSync(file, '', { flag: 'a' });
    return undefined;
  } catch (error) {
    return `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Writes the report as JSON, with the machine that it was measured on. @throws when the file cannot be written */
export function writeReport(file: string, { scenario, parameters, results }: Report): void {
  const written = { scenario, parameters, machine: thisMachine(), results };
  writeFileSync(file, `${JSON.stringify(written, undefined, 2)}\n`);
}
