import { allowHeader } from '../dialog/request.ts';
import type { Message } from '../message/message.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import type { IncomingCalls } from './incoming-calls.ts';
import type { Parts } from './parts.ts';
import type { Responder } from './responder.ts';

/** Methods that mean nothing outside a dialog of ours. */
const needsDialog: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'INFO', 'MESSAGE', 'PRACK', 'NOTIFY', 'REFER']);

/** Requests of peers outside any dialog. @see RFC 3261 §8.2, §9.2, §11.2 */
export class OutOfDialog {
  readonly #parts: Parts;
  readonly #calls: IncomingCalls;
  readonly #responder: Responder;

  constructor(parts: Parts, calls: IncomingCalls, responder: Responder) {
    this.#parts = parts;
    this.#calls = calls;
    this.#responder = responder;
  }

  receive(tx: ServerTransaction, request: Message): void {
    const { method } = request;
    if (method === 'INVITE') {
      this.#calls.receive(tx, request);
      return;
    }
    const toTag = this.#parts.token();
    if (method === 'OPTIONS') this.#responder.respond(tx, request, 200, { toTag });
    else if (needsDialog.has(method)) this.#responder.respond(tx, request, 481, { toTag });
    else this.#responder.respond(tx, request, 405, { toTag, lines: allowHeader });
  }

  cancel(tx: ServerTransaction, request: Message): void {
    const invite = this.#parts.servers.findInvite(request);
    const toTag = this.#parts.token();
    if (invite === 'none') {
      this.#responder.respond(tx, request, 481, { toTag });
      return;
    }
    this.#responder.respond(tx, request, 200, { toTag });
    if (invite !== 'answered') this.#calls.cancelled(invite);
  }
}
