import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';

/** Extensions that a request may require of us. */
const supported: ReadonlySet<string> = new Set(['timer', '100rel', 'ms-dialog-route-set-update']);

/**
 * The extensions that a request requires and that we do not have, as the value of Unsupported; '' for none. `replaces` is had where the
 * program allows it. @see RFC 3261 §8.2.2.3
 */
export function unsupportedExtensions(request: Message, replaces: boolean): string {
  const unsupported: string[] = [];
  for (let line = request.first(HeaderId.Require); line >= 0; line = request.next(line)) {
    const value = request.text({ start: request.valueStart(line), end: request.valueEnd(line) });
    const tags = value.split(',').map((tag) => tag.trim());
    const has = (tag: string): boolean => supported.has(tag) || (replaces && tag === 'replaces');
    unsupported.push(...tags.filter((tag) => tag !== '' && !has(tag.toLowerCase())));
  }
  return unsupported.join(', ');
}
