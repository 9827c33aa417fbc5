import { equalsIgnoringCase } from './bytes.ts';
import { HeaderId } from './header.ts';
import type { Message } from './message.ts';
import { ParamCursor } from './params.ts';
import { clearSpan, emptySpan, type Span, setSpan } from './span.ts';

const COMMA = 0x2c;
const SEMI = 0x3b;

/** Which dialog an INVITE is to replace, seen from the dialog's other side. Reused: valid until the next reading. @see RFC 3891 §6.1 */
export class ReplacesView {
  readonly callId: Span = emptySpan();
  /** The local tag of whoever is asked. */
  readonly toTag: Span = emptySpan();
  /** The remote tag of whoever is asked. */
  readonly fromTag: Span = emptySpan();
  earlyOnly: boolean = false;
}

const params = new ParamCursor();

/** Reads the one Replaces of a request; more than one, or one without exactly one of each tag, is malformed. */
export function readReplaces(request: Message, into: ReplacesView): 'absent' | 'present' | 'malformed' {
  const line = request.first(HeaderId.Replaces);
  if (line < 0) return 'absent';
  if (request.next(line) >= 0) return 'malformed';
  const { bytes } = request;
  const end = request.valueEnd(line);
  const start = request.valueStart(line);
  let at = start;
  while (at < end && bytes[at] !== SEMI && bytes[at] !== COMMA && (bytes[at] ?? 0) > 0x20) at++;
  if (at === start) return 'malformed';
  setSpan(into.callId, start, at);
  clearSpan(into.toTag);
  clearSpan(into.fromTag);
  into.earlyOnly = false;
  params.begin(at);
  while (params.next(bytes, end)) {
    const isNamed = (name: string): boolean => equalsIgnoringCase(bytes, params.nameStart, params.nameEnd, name);
    const tag = isNamed('to-tag') ? into.toTag : isNamed('from-tag') ? into.fromTag : undefined;
    if (tag !== undefined) {
      if (!params.plain || tag.end > tag.start) return 'malformed';
      setSpan(tag, params.valueStart, params.valueEnd);
    } else if (isNamed('early-only')) {
      into.earlyOnly = true;
    }
  }
  const isWhole = into.toTag.end > into.toTag.start && into.fromTag.end > into.fromTag.start;
  return isWhole && !params.malformed && params.at >= end ? 'present' : 'malformed';
}
