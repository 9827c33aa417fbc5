import type { Dice } from '../dice.ts';
import { accept } from './acceptance.ts';
import { uriOf } from './address-value.ts';
import { type Agent, actHeader } from './agent.ts';
import { Dialog } from './dialog.ts';
import type { Header, Message } from './message.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { describe, sdpType } from './session-description.ts';
import { grantedInterval } from './session-interval.ts';
import { t1Ms, t64Ms } from './timers.ts';

/** What a call needs of the endpoint besides its agent. */
export interface CallOwner {
  refresh(dialog: Dialog): void;
  expire(dialog: Dialog): void;
  /** Ends a dialog by BYE. */
  leave(dialog: Dialog, reason: string): void;
}

/** A call that has come, from its INVITE until it is decided (RFC 3261 §13.3). */
export class IncomingCall {
  readonly #agent: Agent;
  readonly #dice: Dice;
  readonly #server: ServerTransaction;
  readonly #owner: CallOwner;
  /** One, or two where it is forked. */
  readonly #branches: Dialog[] = [];
  readonly #timers = new Set<{ cancel(): void }>();
  readonly #isReliable: boolean;
  /** The next one is the answer's, when the reliable response before it is acknowledged. */
  #isAnswerDue = false;
  #rseq = 0;
  #status = 200;

  constructor(agent: Agent, server: ServerTransaction, owner: CallOwner) {
    this.#agent = agent;
    this.#server = server;
    this.#owner = owner;
    const { moods } = agent;
    const { request } = server;
    const { callId, cseq } = request;
    this.#dice = agent.diceFor(`call ${request.header(actKey) || callId}`);
    const takesReliable = request.lists('supported', '100rel') || request.lists('require', '100rel');
    this.#isReliable = takesReliable && moods.has('rings-reliably');
    const isForked = !this.#isReliable && moods.does('forks', this.#dice, 0.3);
    for (let count = isForked ? 2 : 1; count > 0; count--) {
      const tag = agent.nameFor(`tag ${count} ${callId} ${cseq}`);
      const dialog = Dialog.ofInvite(request, tag, agent.newSession());
      dialog.source = server.source;
      dialog.peerAllows = request.has('allow') ? request.values('allow') : undefined;
      this.#branches.push(dialog);
    }
  }

  /** Rings and answers, as the dice have it. */
  begin(): void {
    const { moods, timers } = this.#agent;
    const dice = this.#dice;
    const rings = dice.below(3);
    const afterMs = dice.below(3_001);
    if (!moods.isCalm && dice.chance(0.1)) this.#status = dice.pick([486, 603]);
    for (let ring = 0; ring < rings; ring++)
      this.#timers.add(timers.after((ring * afterMs) / rings, () => this.#ring()));
    this.#timers.add(timers.after(afterMs, () => this.#answer()));
  }

  /** At once, in the place of another (RFC 3891 §3). */
  replace(replaced: Dialog): void {
    this.#answer();
    this.#owner.leave(replaced, 'replaced');
  }

  /** The caller has given up, by CANCEL or by BYE. */
  cancel(): void {
    this.#decide();
    this.#server.respond(487, { toTag: this.#tag });
    for (const dialog of this.#branches) this.#agent.end(dialog, 'remote', 'cancelled');
  }

  #ring(): void {
    for (const dialog of this.#branches) {
      if (dialog.awaitedPrack !== undefined) continue;
      this.#keep(dialog);
      const contact: Header = ['Contact', this.#agent.contact(false)];
      const headers = [...recordRouteOf(this.#server.request), contact, ...this.#agent.abilities];
      if (this.#isReliable) this.#ringReliably(dialog, headers);
      else this.#server.respond(180, { toTag: dialog.localTag, headers });
    }
  }

  /** @see RFC 3262 §3 */
  #ringReliably(dialog: Dialog, headers: readonly Header[]): void {
    const { timers } = this.#agent;
    this.#rseq = this.#rseq === 0 ? 1 + this.#dice.below(0x7fff_ffff) : this.#rseq + 1;
    const { cseq } = this.#server.request;
    const reliable: Header[] = [...headers, ['Require', '100rel'], ['RSeq', String(this.#rseq)]];
    const ring = (): void => this.#server.respond(180, { toTag: dialog.localTag, headers: reliable });
    const again = timers.doubling(t1Ms, t64Ms, ring);
    const limit = timers.after(t64Ms, () => this.#refuse(504));
    const timer = {
      cancel: (): void => {
        again.cancel();
        limit.cancel();
        dialog.awaitedPrack = undefined;
      },
    };
    this.#timers.add(timer);
    dialog.awaitedPrack = {
      rack: `${this.#rseq} ${cseq} INVITE`,
      taken: () => {
        timer.cancel();
        if (this.#isAnswerDue) this.#answer();
      },
    };
    ring();
  }

  #answer(): void {
    this.#isAnswerDue = true;
    if (this.#branches.some((dialog) => dialog.awaitedPrack !== undefined)) return;
    if (this.#status !== 200) {
      this.#refuse(this.#status);
      return;
    }
    this.#decide();
    const [first, second] = this.#branches;
    if (first !== undefined) this.#accept(first);
    if (second === undefined) return;
    this.#keep(second);
    const later = this.#agent.timers.after(this.#dice.below(1_000), () => this.#accept(second));
    second.leavers.add(() => later.cancel());
  }

  #accept(dialog: Dialog): void {
    const { request } = this.#server;
    const agent = this.#agent;
    const session = grantedInterval(agent, dialog, request);
    const contact: Header = ['Contact', agent.contact(false)];
    dialog.localTarget = uriOf(contact[1]);
    const headers = [...recordRouteOf(request), contact, ...agent.abilities, ...session.headers, sdpType];
    const body = describe(dialog.session);
    agent.establish(dialog, this.#owner);
    dialog.timer?.restart(session.intervalS, session.isOurs);
    const parts = { toTag: dialog.localTag, headers, body };
    accept(agent, this.#server, dialog, parts, () => this.#owner.leave(dialog, 'no ACK'));
  }

  #refuse(status: number): void {
    this.#decide();
    this.#server.respond(status, { toTag: this.#tag });
    for (const dialog of this.#branches) this.#agent.end(dialog, 'local', `refused ${status}`);
  }

  /** Makes an early dialog known. */
  #keep(dialog: Dialog): void {
    const { dialogs } = this.#agent;
    if (dialogs.has(dialog.id)) return;
    dialogs.set(dialog.id, dialog);
    dialog.leavers.add(() => {
      if (this.#server.isOpen) this.cancel();
    });
  }

  #decide(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  get #tag(): string {
    return this.#branches[0]?.localTag ?? '';
  }
}

const actKey = actHeader.toLowerCase();

/** The lines of Record-Route, for a response that makes a dialog, or refreshes it (RFC 3261 §12.1.1). */
export function recordRouteOf(request: Message): Header[] {
  return request.headers.filter(([name]) => name === 'Record-Route');
}
