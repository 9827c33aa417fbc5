#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** The `sipmend` command. */

const usage = `Usage: sipmend [--version] [--help]

sipmend keeps SIP dialogs alive when their route dies. This release is a library: import it as 'sipmend'.
Its programs, a call gateway and a record-routing edge, come in a later one.`;

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  try {
    const { values } = parseArgs({ args, options: { version: { type: 'boolean' }, help: { type: 'boolean' } } });
    console.log(values.version === true ? version() : usage);
    return 0;
  } catch (error) {
    console.error(`sipmend: ${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
}

/** From the package's own package.json, three folders above the built file. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
