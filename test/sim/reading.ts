import { type Message, parse } from './models/message.ts';
import { parseVia } from './models/via.ts';

const readings = new WeakMap<Uint8Array, Message | { readonly isRequest: undefined }>();
const none = { isRequest: undefined } as const;

/** A message as the models read it, once for all rules; undefined when it is none. */
export function read(bytes: Uint8Array): Message | undefined {
  let reading = readings.get(bytes);
  if (reading === undefined) {
    reading = parse(bytes) ?? none;
    readings.set(bytes, reading);
  }
  return reading.isRequest === undefined ? undefined : reading;
}

/**
 * An OPTIONS by which a hop is asked whether it lives, or the answer to one: most of what is sent, and nothing to most rules. Nobody else's
 * branches begin so.
 */
export function isProbe(bytes: Uint8Array): boolean {
  const mayBe = bytes[0] === 0x4f || (bytes[0] === 0x53 && bytes[8] === 0x32); // "OPTIONS", or "SIP/2.0 2"
  return mayBe && Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 160)).indexOf(probeBranch) >= 0;
}

const probeBranch = Buffer.from('branch=z9hG4bKprobe.');

/** Names the transaction: whoever passes a response on may have added `received` and a port to Via (RFC 3261 §17.1.3, RFC 3581). */
export function branchOf({ topVia }: Message): string {
  return parseVia(topVia)?.branch ?? '';
}
