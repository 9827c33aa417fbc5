import { allowHeader } from '../dialog/abilities.ts';
import type { Message } from '../message/message.ts';
import { isKnownMethod } from '../message/method.ts';
import { isAlive } from '../recovery/hop-state.ts';
import type { Received } from '../transaction/server.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import { unsupportedExtensions } from './extensions.ts';
import type { InDialog } from './in-dialog.ts';
import type { IncomingCalls } from './incoming-calls.ts';
import type { Parts } from './parts.ts';
import type { ReplacedDialogs } from './replaced-dialogs.ts';
import type { Responder } from './responder.ts';

/** Methods that mean nothing outside a dialog of ours. */
const needsDialog: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'INFO', 'MESSAGE', 'PRACK', 'NOTIFY', 'REFER']);

/** Requests of peers outside any dialog. @see RFC 3261 §8.2, §9.2, §11.2 */
export class OutOfDialog {
  readonly #parts: Parts;
  readonly #calls: IncomingCalls;
  readonly #inDialog: InDialog;
  readonly #responder: Responder;
  readonly #replaced: ReplacedDialogs;

  constructor(
    parts: Parts,
    others: {
      readonly calls: IncomingCalls;
      readonly inDialog: InDialog;
      readonly responder: Responder;
      readonly replaced: ReplacedDialogs;
    },
  ) {
    this.#parts = parts;
    this.#calls = others.calls;
    this.#inDialog = others.inDialog;
    this.#responder = others.responder;
    this.#replaced = others.replaced;
  }

  receive(tx: ServerTransaction, request: Message): void {
    const { method } = request;
    const unsupported = unsupportedExtensions(request, this.#parts.recovery.replaces);
    if (!isKnownMethod(method)) this.#responder.turnAway(tx, request, 501, { lines: allowHeader });
    else if (request.requestUriParts.scheme === 'other') this.#responder.turnAway(tx, request, 416);
    else if (unsupported !== '')
      this.#responder.turnAway(tx, request, 420, { lines: `Unsupported: ${unsupported}\r\n` });
    else if (this.#replaced.receive(tx, request)) return;
    else if (method === 'INVITE') this.#calls.receive(tx, request);
    else if (method === 'OPTIONS') this.#responder.respondStateless(tx, request, 200);
    else if (needsDialog.has(method)) this.#responder.turnAway(tx, request, 481);
    else this.#responder.turnAway(tx, request, 405, { lines: allowHeader });
  }

  /**
   * A copy of a request that came before it by another path, as a fork that meets itself again makes them: 482. Where the way back
   * of the first one is dead its caller tries another (RFC 3263 §4.3): the copy then takes its place, unless the caller has acknowledged
   * the answer to the first one; then somebody else has sent it.
   *
   * @see RFC 3261 §8.2.2.2
   */
  receiveCopy(copy: Extract<Received, { kind: 'merged' }>, request: Message): void {
    const { hops, servers } = this.#parts;
    const { tx, otherId, otherFlow, otherReachable } = copy;
    const isDoneWith = servers.get(otherId) === undefined;
    const hop = hops.byFlow(otherFlow);
    if (isDoneWith || (otherReachable && (hop === undefined || isAlive(hop)))) {
      this.#responder.turnAway(tx, request, 482);
      return;
    }
    servers.supersede(otherId, tx, request);
    this.#calls.superseded(otherId);
    this.receive(tx, request);
  }

  cancel(tx: ServerTransaction, request: Message): void {
    const invite = this.#parts.servers.findInvite(request);
    if (invite === 'none') {
      this.#responder.turnAway(tx, request, 481);
      return;
    }
    const ringing = invite === 'answered' ? undefined : this.#calls.tagOf(invite.id);
    this.#responder.respond(tx, request, 200, { toTag: ringing ?? this.#parts.token() });
    if (invite === 'answered') return;
    if (ringing !== undefined) this.#calls.cancelled(invite);
    else this.#inDialog.cancelled(invite);
  }
}
