import { Part } from '../dialog/record.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import type { SipErrorCode } from '../errors.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { reasonPhrase } from '../message/status.ts';
import type {
  CommandFailure,
  DialogData,
  DialogEnd,
  EndReason,
  EngineEvent,
  ResponseData,
  ResponseOrigin,
  ResultValue,
} from './event.ts';

/** Turns what happened into events: the one place where octets become the program's strings. */
export class Reporter {
  readonly #table: DialogTable;
  readonly #emit: (event: EngineEvent) => void;

  constructor(table: DialogTable, emit: (event: EngineEvent) => void) {
    this.#table = table;
    this.#emit = emit;
  }

  emit(event: EngineEvent): void {
    this.#emit(event);
  }

  /** A command has ended well. */
  done(id: number, value: ResultValue = {}): void {
    this.#emit({ kind: 'result', id, failure: undefined, value });
  }

  fail(id: number, failure: CommandFailure): void {
    this.#emit({ kind: 'result', id, failure, value: {} });
  }

  /** A command has ended with a final response that is no success. */
  failWithResponse(id: number, response: ResponseData, origin: ResponseOrigin, cause?: ResponseData): void {
    const message = `${response.status} ${response.reason}`;
    this.fail(id, { code: 'SIP_FAILURE_RESPONSE', message, response, origin, ...(cause && { cause }) });
  }

  /** A command has ended with no response: told as the one that stands for it. @see RFC 3261 §8.1.3.1 */
  failLocally(id: number, status: 408 | 481 | 488 | 491 | 503): void {
    this.failWithResponse(id, localResponse(status), 'local');
  }

  failWithCode(id: number, code: SipErrorCode, message: string): void {
    this.fail(id, { code, message });
  }

  ended(dialog: DialogIndex, by: 'local' | 'remote', reason: EndReason, end: DialogEnd): void {
    this.#emit({ kind: 'ended', dialog: this.dialog(dialog), by, reason, end });
  }

  /** The peer's session description is another than the last, or the first that it answers with. */
  sessionChanged(dialog: DialogIndex, message: Message): void {
    this.#emit({ kind: 'session-changed', dialog: this.dialog(dialog), body: bodyOf(message) });
  }

  dialog(dialog: DialogIndex): DialogData {
    return { id: this.#table.id(dialog), callId: this.#table.text(dialog, Part.callId) };
  }
}

/** Why a request that waited for its route, or a heal that was asked for, ends with a break that is given up. */
export const givenUpText = 'The route was not mended in time.';

/** A response for the program's eyes. */
export function responseData(message: Message): ResponseData {
  return { status: message.status, reason: message.reason, headers: message.headers(), body: bodyOf(message) };
}

/** The body of a message, copied: the program may keep it. */
export function bodyOf(message: Message): Uint8Array {
  return Uint8Array.from(message.bytes.subarray(message.body.start, message.body.end));
}

/**
 * Who made this response, as well as can be told: only an endpoint names a Contact; a server that failed us mostly does not, and one of
 * Microsoft's names itself in ms-diagnostics.
 */
export function originOf(message: Message): ResponseOrigin {
  const { status } = message;
  if (status >= 300 && namesServer(message)) return 'intermediary';
  if (status === 430 || status === 408 || status === 503) return 'intermediary';
  if (status < 300 || status === 481 || status === 488 || status >= 600) return 'remote';
  return message.first(HeaderId.Contact) === -1 && message.first(HeaderId.UserAgent) === -1 ? 'intermediary' : 'remote';
}

/** What stands for a response where none came. @see RFC 3261 §8.1.3.1 */
export function localResponse(status: number): ResponseData {
  return { status, reason: reasonPhrase(status), headers: [], body: new Uint8Array(0) };
}

/** `ms-diagnostics: 1003;reason="…";source="server.contoso.com"`. Clients have ms-client-diagnostics for theirs. */
function namesServer(message: Message): boolean {
  return message
    .headers()
    .some(({ name, value }) => name.toLowerCase() === 'ms-diagnostics' && /;\s*source\s*=/i.test(value));
}
