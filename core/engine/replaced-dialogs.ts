import { beginDialogRequest, routeSetPath, writeContact } from '../dialog/request.ts';
import { RouteSetBuilder } from '../dialog/route-set.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { minSessionIntervalS } from '../dialog/session-timer.ts';
import { sliceOf } from '../dialog/slice.ts';
import { anyOfferPending, DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { noteMove } from '../dialog/target-moves.ts';
import type { Message } from '../message/message.ts';
import { ReplacesView, readReplaces } from '../message/replaces.ts';
import { endMessage } from '../message/write.ts';
import type { Hop } from '../recovery/hop.ts';
import { nextHop } from '../recovery/next-hop.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { Answers } from './answers.ts';
import { type DialogMaker, partyOf } from './dialog-maker.ts';
import type { OwedByes } from './owed-byes.ts';
import type { Parts } from './parts.ts';
import type { Responder } from './responder.ts';
import { sameSession } from './same-session.ts';

/**
 * Dialogs that a peer replaces by INVITE with Replaces, having found no other way to heal them: the row goes on under the new
 * dialog's identity, and with it the program's handle; the old dialog is ended by BYE.
 *
 * Whoever knows Call-ID and both tags, one of which is 128 random bits of ours, and may rewrite our routes, may do so. Only the
 * session that there is goes on: a new offer is refused.
 *
 * @see RFC 3891 §3
 */
export class ReplacedDialogs implements ClientUser {
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #responder: Responder;
  readonly #answers: Answers;
  readonly #owedByes: OwedByes;
  readonly #replaces = new ReplacesView();
  readonly #routes = new RouteSetBuilder();

  constructor(parts: Parts, maker: DialogMaker, responder: Responder, answers: Answers, owedByes: OwedByes) {
    this.#parts = parts;
    this.#maker = maker;
    this.#responder = responder;
    this.#answers = answers;
    this.#owedByes = owedByes;
  }

  /** A request outside any dialog: true when it wanted to replace one, and has been answered. */
  receive(tx: ServerTransaction, request: Message): boolean {
    if (!this.#parts.recovery.replaces) return false;
    const presence = readReplaces(request, this.#replaces);
    if (presence === 'absent') return false;
    const isSound = presence === 'present' && request.method === 'INVITE';
    const dialog = isSound ? this.#find(request) : -1;
    const proof = this.#challenge(tx, request, dialog);
    if (proof !== undefined) {
      this.#responder.turnAway(tx, request, 401, { lines: proof });
      return true;
    }
    const status = isSound ? this.#refusal(tx, request, dialog) : 400;
    if (status === 200) this.#accept(tx, request, dialog, this.#parts.token());
    else if (status === 422)
      this.#responder.turnAway(tx, request, 422, { lines: `Min-SE: ${minSessionIntervalS}\r\n` });
    else if (status === 500) this.#responder.turnAway(tx, request, 500, { lines: 'Retry-After: 2\r\n' });
    else this.#responder.turnAway(tx, request, status);
    return true;
  }

  /** What the BYE of the old dialog is answered with changes nothing. */
  onResponse(): void {}
  onFailure(): void {}

  /** A tag of zero stands for none as well (§6.1). */
  #find({ bytes }: Message): DialogIndex {
    const { table } = this.#parts;
    const { callId, toTag, fromTag } = this.#replaces;
    const isZero = fromTag.end - fromTag.start === 1 && bytes[fromTag.start] === 0x30;
    const named = table.find(bytes, callId.start, callId.end, toTag.start, toTag.end, fromTag.start, fromTag.end);
    if (named !== -1 || !isZero) return named;
    return table.find(bytes, callId.start, callId.end, toTag.start, toTag.end, fromTag.start, fromTag.start);
  }

  /** What speaks against it, as a status; 200 for nothing. */
  #refusal(tx: ServerTransaction, request: Message, dialog: DialogIndex): number {
    const { table, sessions, ownsCallId } = this.#parts;
    const { callId } = this.#replaces;
    // A 481 would end the dialog for a peer who knows better; the next Call-ID that it takes may bring it to the right engine.
    if (dialog === -1 && !ownsCallId(request.bytes, callId.start, callId.end)) return 500;
    const state = dialog === -1 ? DialogState.free : table.state[dialog];
    if (state === DialogState.owed) {
      this.#owedByes.heard(dialog, this.#parts.trust.hopOf(tx));
      return 603;
    }
    if (state === DialogState.ending) return 603;
    if (state !== DialogState.confirmed) return 481; // an early one is healed by UPDATE, or not at all
    if (this.#replaces.earlyOnly) return 486;
    if (!this.#isTrusted(tx, dialog)) return 403;
    if (table.has(dialog, anyOfferPending)) return 491;
    if (targetOf(request) === undefined || request.from.tag.end === request.from.tag.start) return 400;
    const routes = this.#routes.fromRequest(request);
    if (routes === undefined) return 400;
    if (table.exposes(dialog, targetOf(request), routes)) return 403; // a secure dialog stays secure
    if (sessions.tooSmall(request)) return 422;
    const { body, bytes } = request;
    const isOffer = body.end > body.start;
    const isSame = !isOffer || hashDescription(bytes, body.start, body.end) === table.remoteSession[dialog];
    return isSame && sameSession(table, dialog).body !== undefined ? 200 : 488;
  }

  /** Who may rewrite our routes may do this as well; in a call without hops, the peer's own address. */
  #isTrusted(tx: ServerTransaction, dialog: DialogIndex): boolean {
    const { hops, trust } = this.#parts;
    const hop = this.#parts.trust.hopOf(tx);
    return trust.has(tx) || (hop !== undefined && hops.listed.length === 0 && hop === hops.of(dialog));
  }

  /** The header lines of the 401 by which anybody else is asked for a proof, where the program has that done. */
  #challenge(tx: ServerTransaction, request: Message, dialog: DialogIndex): string | undefined {
    const { table, trust } = this.#parts;
    if (dialog === -1 || table.state[dialog] !== DialogState.confirmed || this.#isTrusted(tx, dialog)) return undefined;
    return trust.challenge(tx, request, dialog);
  }

  #accept(tx: ServerTransaction, request: Message, dialog: DialogIndex, toTag: string): void {
    const { table, sessions, writer, healer, clients, acks } = this.#parts;
    const hop = this.#parts.trust.hopOf(tx);
    const session = sameSession(table, dialog);
    const bye = this.#writeBye(dialog, hop);
    if (!this.#rename(request, dialog, toTag)) {
      if (bye !== undefined) clients.forget(bye.tx);
      this.#responder.respond(tx, request, 500, { toTag });
      return;
    }
    acks.dialogEnded(dialog); // an ACK of the old one is not to be written anew
    this.#maker.notePeer(dialog, request);
    this.#follow(request, dialog, hop);
    const sequence = request.cseq.number;
    this.#answers.await(dialog, tx, { sequence, id: undefined, offered: request.body.end === request.body.start });
    this.#responder.respond(tx, request, 200, {
      toTag,
      recordRoute: true,
      content: session,
      write: () => {
        writeContact(writer, table, dialog);
        sessions.answerAsServer(dialog, request, writer);
      },
    });
    healer.replacedByRemote(dialog);
    if (bye !== undefined) clients.start(bye.tx, bye.bytes);
  }

  /** The row takes the new dialog's identity, as its UAS has it. @see RFC 3261 §12.1.1 */
  #rename(request: Message, dialog: DialogIndex, toTag: string): boolean {
    const { table } = this.#parts;
    const { bytes, callId, from } = request;
    const isRenamed = table.rename(dialog, {
      localParty: partyOf(request, request.to),
      localTag: sliceOf(toTag),
      remoteParty: partyOf(request, from),
      remoteTag: { bytes, start: from.tag.start, end: from.tag.end },
      callId: { bytes, start: callId.start, end: callId.end },
    });
    if (!isRenamed) return false;
    table.set(dialog, DialogFlag.callIdOwner, false);
    table.set(dialog, DialogFlag.remoteSequence, true);
    table.remoteSequence[dialog] = request.cseq.number;
    return true;
  }

  #follow(request: Message, dialog: DialogIndex, hop: Hop | undefined): void {
    const { table, hops } = this.#parts;
    table.update(dialog, targetOf(request), this.#routes.fromRequest(request), undefined);
    noteMove(table, dialog, request); // what still answers the old dialog's requests tells of its Contact
    const next = nextHop(table, hops, dialog, hop);
    if (next !== undefined) hops.attach(dialog, next);
  }

  /** The BYE of the old dialog, written while its identity is there; it goes by the way that the new one came. */
  #writeBye(dialog: DialogIndex, hop: Hop | undefined): { tx: ClientTransaction; bytes: Uint8Array } | undefined {
    const { table, hops, clients, writer, policy } = this.#parts;
    if (hop?.flow === undefined) return undefined;
    const tx = clients.begin('BYE', hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined) return undefined;
    const path = policy === 'rfc3261' ? routeSetPath : hops.pathBy(hop);
    const sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, { method: 'BYE', sequence, via: hop.via, tx, path });
    return { tx, bytes: endMessage(writer, undefined, undefined) };
  }
}
