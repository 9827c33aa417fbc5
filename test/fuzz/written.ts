import { messageLimits } from '../../core/limits.ts';
import { type HeaderId, headerName } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import type { Span } from '../../core/message/span.ts';
import type { ViaView } from '../../core/message/via.ts';
import { octetsText } from './octets-text.ts';
import { check, same } from './target.ts';

/**
 * Reads a message that we wrote: it must be taken, with these header fields in this order and no other, and with this body. Undefined
 * for one that outgrew what we take ourselves.
 */
export function readWritten(octets: Uint8Array, names: readonly string[], body: string): Message | undefined {
  const message = new Message();
  const refusal = message.scan(octets)?.reason;
  if (outgrew(message, refusal)) return undefined;
  check(refusal === undefined, 'what we write is a good message', () => `${refusal}: ${octetsText(octets)}`);
  const written = message.headers().map(({ name }) => name);
  same(written.join(), names.join(), 'what we write has our header fields and no other');
  same(spanOctets(message, message.body), body, 'what we write has our body');
  check(message.size === octets.length, 'what we write ends with its body');
  return message;
}

/** Whether a message is refused because it has all that a peer may send, and then our own lines. */
export function outgrew({ bytes, lineCount }: Message, refusal: string | undefined): boolean {
  return (
    (refusal === 'head-too-large' && bytes.length > messageLimits.headSize) ||
    (refusal === 'too-many-headers' && lineCount === messageLimits.headerCount)
  );
}

/** The name of a field as often as the message has lines of it. */
export function namesOf(message: Message, ...ids: readonly HeaderId[]): string[] {
  return ids.flatMap((id) => lines(message, id).map(() => headerName(id)));
}

/** All lines of a name, octet for octet. */
export function linesOf(message: Message, id: HeaderId): string {
  return lines(message, id)
    .map((line) => lineOctets(message, line))
    .join('');
}

/** '' where there is none. */
export function firstLineOf(message: Message, id: HeaderId): string {
  const line = message.first(id);
  return line < 0 ? '' : lineOctets(message, line);
}

function lineOctets(message: Message, line: number): string {
  return octetsText(message.bytes.subarray(message.lineStart(line), message.lineEnd(line)));
}

function lines(message: Message, id: HeaderId): number[] {
  const result: number[] = [];
  for (let line = message.first(id); line >= 0; line = message.next(line)) result.push(line);
  return result;
}

export function spanOctets(message: Message, { start, end }: Span): string {
  return octetsText(message.bytes.subarray(start, end));
}

/** A Via value without what a server changes of it. */
export function viaWithoutSource(message: Message, { value, rportParam, receivedParam }: ViaView): string {
  const cuts = [rportParam, receivedParam].filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start);
  let text = '';
  let at = value.start;
  for (const { start, end } of cuts) {
    text += spanOctets(message, { start: at, end: start });
    at = end;
  }
  return text + spanOctets(message, { start: at, end: value.end });
}
