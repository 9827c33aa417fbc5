import { type Message, parse } from './models/message.ts';

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

/** An OPTIONS by which a hop is asked whether it lives: most of what is sent, and nothing to most rules. */
export function isProbe(bytes: Uint8Array): boolean {
  return bytes[0] === 0x4f && bytes[1] === 0x50; // "OP"
}
