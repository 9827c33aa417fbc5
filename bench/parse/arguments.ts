import { parseArgs } from 'node:util';

/** The command line, read. */
export type Arguments =
  | { readonly kind: 'run'; readonly json: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const usage: string = `Usage: npm run bench -- parse [options]      (or: sipmend-bench parse [options])

Parses the same UPDATE (543 octets) and the same INVITE (1,081) with this library and with others, and reads the same fields from
each: start line, topmost Via, tags, Call-ID, CSeq, Contact, Route, Record-Route, Session-Expires. Others are npm's sip,
drachtio-srf, jssip and sip.js, and, with a C compiler, sofia-sip and libosip2 (Debian: apt-get install gcc
libsofia-sip-ua-dev libosip2-dev); what is not installed is said to be missing. Then measures how the time grows with a message.

Ends with 1 if a parser reads other values than ours, or if a message twice as long takes more than three times as long.
Speeds are told beside their goals, whether these are met or missed.

  --json FILE   writes the results to FILE
  --help        shows this`;

/** Reads the command line; what is wrong with it is a sentence. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
    return values.help ? { kind: 'help' } : { kind: 'run', json: values.json };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
