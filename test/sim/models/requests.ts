import { uriOf } from './address-value.ts';
import type { Agent } from './agent.ts';
import type { ClientTransaction } from './client-transaction.ts';
import type { Dialog } from './dialog.ts';
import type { CallOwner } from './incoming-call.ts';
import type { Header, Message } from './message.ts';
import { noteAbilities } from './outgoing-call.ts';
import { describe, sdpType } from './session-description.ts';
import { askedInterval, takeInterval } from './session-interval.ts';

/** What has become of a request. */
export interface Outcome {
  /** 408 and 503 also where no response has come; 481 also where the dialog is over. */
  readonly status: number;
}

/** An INVITE that rings longer inside a dialog is given up. */
const patienceMs = 30_000;
/** A target refresh may be under way for so long, and a request that was sent before its end. */
const crossingMs = 70_000;

/** Requests that an endpoint sends inside its dialogs (RFC 3261 §12.2.1, §14.1, §15.1.1, RFC 3311 §5.1, §5.3). */
export class Requests implements CallOwner {
  readonly #agent: Agent;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  info(dialog: Dialog, number: number): Promise<Outcome> {
    return this.#ask(dialog, 'INFO', [['Content-Type', 'text/plain']], String(number));
  }

  update(dialog: Dialog, withOffer: boolean): Promise<Outcome> {
    if (withOffer) dialog.session++;
    return this.#update(dialog, withOffer, 1);
  }

  reinvite(dialog: Dialog): Promise<Outcome> {
    dialog.session++;
    return this.#reinvite(dialog, 1);
  }

  bye(dialog: Dialog, reason = 'bye'): Promise<Outcome> {
    return new Promise((settle) => {
      const leave = (): void => {
        if (dialog.state !== 'confirmed') settle({ status: 481 });
        else {
          void this.#exchange(dialog, 'BYE', [['Supported', this.#agent.supported]]).then(settle);
          this.#agent.end(dialog, 'local', reason);
        }
      };
      // None before the ACK of our 2xx (RFC 3261 §15).
      if (dialog.unacknowledged.size === 0) leave();
      else dialog.afterAck.push(leave);
    });
  }

  leave(dialog: Dialog, reason: string): void {
    void this.bye(dialog, reason);
  }

  expire(dialog: Dialog): void {
    this.leave(dialog, 'session-expired');
  }

  /** Keeps the session alive, with the description as it is (RFC 4028 §7.4, §10). */
  refresh(dialog: Dialog): void {
    const takesUpdate = dialog.peerAllows?.includes('UPDATE') === true;
    const refreshed = takesUpdate ? this.#update(dialog, false, 0) : this.#reinvite(dialog, 0);
    void refreshed.then(({ status }) => {
      if (status >= 300 && dialog.state === 'confirmed') dialog.timer?.refreshFailed();
    });
  }

  async #update(dialog: Dialog, withOffer: boolean, retries: number): Promise<Outcome> {
    if (withOffer && (dialog.isOffering || dialog.isInviting)) return { status: 491 };
    const asked = askedInterval(this.#agent, dialog, 0);
    const contact = this.#moves(dialog);
    const headers: Header[] = [['Contact', contact], ...this.#agent.abilities, ...asked];
    if (withOffer) headers.push(sdpType);
    if (withOffer) dialog.isOffering = true;
    const body = withOffer ? describe(dialog.session) : '';
    const outcome = await this.#ask(dialog, 'UPDATE', headers, body, (response) => {
      dialog.localTarget = uriOf(contact);
      takeTarget(dialog, response);
      takeInterval(dialog, asked, response);
    });
    if (withOffer) dialog.isOffering = false;
    if (outcome.status !== 491 || retries === 0) return outcome;
    return (await this.#hasWaited(dialog)) ? this.#update(dialog, withOffer, retries - 1) : outcome;
  }

  async #reinvite(dialog: Dialog, retries: number): Promise<Outcome> {
    if (dialog.state !== 'confirmed') return { status: 481 };
    if (dialog.isInviting || dialog.isOffering || dialog.unacknowledged.size > 0) return { status: 491 };
    const asked = askedInterval(this.#agent, dialog, 0);
    dialog.isInviting = true;
    const status = await this.#invite(dialog, asked);
    dialog.isInviting = false;
    this.#judge(dialog, status);
    if (status !== 491 || retries === 0) return { status };
    return (await this.#hasWaited(dialog)) ? this.#reinvite(dialog, retries - 1) : { status };
  }

  #invite(dialog: Dialog, asked: readonly Header[]): Promise<number> {
    const agent = this.#agent;
    const contact = this.#moves(dialog);
    const headers: Header[] = [['Contact', contact], ...agent.abilities, ...asked, sdpType];
    const request = dialog.request('INVITE', headers, describe(dialog.session));
    return new Promise((settle) => {
      let acknowledge: (() => void) | undefined;
      let transaction: ClientTransaction | undefined;
      const patience = agent.timers.after(patienceMs, () => transaction?.cancel());
      const settled = (status: number): void => {
        patience.cancel();
        settle(status);
      };
      transaction = agent.send(dialog, request, {
        final: (response) => {
          if (response.status < 300 && acknowledge === undefined) {
            dialog.localTarget = uriOf(contact);
            takeTarget(dialog, response);
            takeInterval(dialog, asked, response);
            acknowledge = agent.acknowledger(dialog, response, dialog.ack(response.cseq, []));
          }
          if (response.status < 300) acknowledge?.();
          settled(response.status);
        },
        failed: settled,
      });
    });
  }

  /** Contact of a target refresh. */
  #moves(dialog: Dialog): string {
    const contact = this.#agent.contact(true);
    dialog.moved = { contact, untilMs: this.#agent.timers.nowMs() + crossingMs };
    return contact;
  }

  /** Asks in a dialog that lives, and draws the conclusions. `accepted` hears a 2xx. */
  async #ask(
    dialog: Dialog,
    method: string,
    headers: readonly Header[],
    body: string,
    accepted: (response: Message) => void = () => undefined,
  ): Promise<Outcome> {
    if (dialog.state !== 'confirmed') return { status: 481 };
    const own: readonly Header[] = headers.some(([name]) => name === 'Supported')
      ? headers
      : [...headers, ['Supported', this.#agent.supported]];
    const outcome = await this.#exchange(dialog, method, own, body, accepted);
    this.#judge(dialog, outcome.status);
    return outcome;
  }

  #exchange(
    dialog: Dialog,
    method: string,
    headers: readonly Header[],
    body = '',
    accepted: (response: Message) => void = () => undefined,
  ): Promise<Outcome> {
    return new Promise((settle) => {
      this.#agent.send(dialog, dialog.request(method, headers, body), {
        final: (response) => {
          if (response.status < 300 && dialog.state !== 'ended') accepted(response);
          settle({ status: response.status });
        },
        failed: (status) => settle({ status }),
      });
    });
  }

  /** @see RFC 3261 §12.2.1.2 */
  #judge(dialog: Dialog, status: number): void {
    if ((status === 408 || status === 481) && this.#agent.moods.has('gives-up') && dialog.state === 'confirmed')
      this.leave(dialog, `gave up ${status}`);
  }

  /** After a 491: the dialog still lives when it is time for the second try (RFC 3261 §14.1, RFC 3311 §5.3). */
  #hasWaited(dialog: Dialog): Promise<boolean> {
    const dice = this.#agent.diceFor(`wait ${dialog.callId} ${dialog.localCseq}`);
    const ms = dialog.isCaller ? 2_100 + 10 * dice.below(191) : 10 * dice.below(201);
    return new Promise((settle) => {
      const done = (): void => {
        timer.cancel();
        dialog.leavers.delete(done);
        settle(dialog.state === 'confirmed');
      };
      const timer = this.#agent.timers.after(ms, done);
      dialog.leavers.add(done);
    });
  }
}

/** @see RFC 3261 §12.2.1.2, §12.2.2 */
export function takeTarget(dialog: Dialog, message: Message): void {
  if (message.has('contact')) dialog.remoteTarget = uriOf(message.header('contact'));
  noteAbilities(dialog, message);
}
