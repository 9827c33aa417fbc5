import type { Dice } from '../dice.ts';
import { uriOf } from './address-value.ts';
import { type Agent, actHeader } from './agent.ts';
import type { ClientHearer, ClientTransaction } from './client-transaction.ts';
import { Dialog, routesOf } from './dialog.ts';
import type { CallOwner } from './incoming-call.ts';
import type { Header, Message } from './message.ts';
import type { Place } from './post.ts';
import type { Request } from './request.ts';
import { describe, sdpType } from './session-description.ts';
import { askedInterval, takeInterval } from './session-interval.ts';
import type { Timer } from './timers.ts';
import { parseUri } from './uri.ts';

/** What has become of a call of ours. */
export interface CallOutcome {
  /** 408 and 503 also where no response has come. */
  readonly status: number;
  readonly callId: string;
  /** Where it was answered. */
  readonly dialog?: Dialog;
}

/** An answer later than that is none: the caller hangs up. */
const patienceMs = 90_000;

/** A call that is made, from its INVITE until it is decided (RFC 3261 §13.2, RFC 3263 §4.3). */
export class OutgoingCall {
  readonly callId: string;
  readonly outcome: Promise<CallOutcome>;
  readonly #agent: Agent;
  readonly #owner: CallOwner;
  readonly #target: string;
  readonly #act: number | undefined;
  readonly #dice: Dice;
  readonly #tag: string;
  readonly #hops: Place[];
  readonly #hasOffer: boolean;
  readonly #session: number;
  #settle: (outcome: CallOutcome) => void = () => undefined;
  #cseq = 1;
  #contact = '';
  #minSeS = 0;
  #asked: readonly Header[] = [];
  #patience: Timer | undefined;
  #transaction: ClientTransaction | undefined;
  #state: 'calling' | 'given up' | 'decided' = 'calling';
  readonly #early = new Map<string, Dialog>();
  readonly #rseqs = new Map<string, number>();
  /** Sends the ACK of a branch again, by its tag. */
  readonly #acks = new Map<string, () => void>();

  /** `act` gives it its Call-ID and its dice. */
  constructor(agent: Agent, owner: CallOwner, target: string, act: number | undefined) {
    this.#agent = agent;
    this.#owner = owner;
    this.#target = target;
    this.#act = act;
    this.callId = act === undefined ? agent.newName() : agent.nameFor(`act ${act}`);
    this.#tag = agent.nameFor(`from ${this.callId}`);
    this.#dice = agent.diceFor(`calling ${this.callId}`);
    this.#session = agent.newSession();
    const uri = parseUri(target);
    const direct = uri === undefined ? [] : [{ host: uri.host, port: uri.port }];
    this.#hops = agent.options.outbound.length > 0 ? [...agent.options.outbound] : direct;
    this.#hasOffer = agent.moods.isCalm || !this.#dice.chance(0.1);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  begin(): void {
    const { moods, timers } = this.#agent;
    const isHasty = !moods.isCalm && this.#dice.chance(0.05);
    this.#patience = timers.after(isHasty ? this.#dice.below(3_000) : patienceMs, () => {
      this.#state = 'given up';
      this.#transaction?.cancel();
    });
    this.#try();
  }

  #try(): void {
    const [hop] = this.#hops;
    if (hop === undefined) {
      this.#decide({ status: 503, callId: this.callId });
      return;
    }
    const hearer: ClientHearer = {
      provisional: (response) => this.#provisional(response),
      final: (response) => this.#final(response),
      failed: (status) => this.#failed(status),
    };
    const { transactions, post } = this.#agent;
    this.#transaction = transactions.send(post, hop, this.#invite(), hearer);
  }

  #invite(): Request {
    const agent = this.#agent;
    this.#asked = askedInterval(agent, undefined, this.#minSeS);
    const contact = agent.contact(false);
    this.#contact = uriOf(contact);
    const headers: Header[] = [
      ['Max-Forwards', '70'],
      ['From', `<${agent.uri}>;tag=${this.#tag}`],
      ['To', `<${this.#target}>`],
      ['Call-ID', this.callId],
      ['CSeq', `${this.#cseq} INVITE`],
      ['Contact', contact],
      ...agent.abilities,
      ...this.#asked,
    ];
    if (this.#act !== undefined) headers.push([actHeader, String(this.#act)]);
    if (this.#hasOffer) headers.push(sdpType);
    return { method: 'INVITE', uri: this.#target, headers, body: this.#hasOffer ? describe(this.#session) : '' };
  }

  #provisional(response: Message): void {
    const tag = response.toTag;
    if (response.status === 100 || tag === '' || !response.has('contact') || this.#state === 'decided') return;
    let dialog = this.#early.get(tag);
    if (dialog === undefined) {
      dialog = Dialog.ofResponse(response, this.#session);
      this.#early.set(tag, dialog);
      this.#agent.dialogs.set(dialog.id, dialog);
    }
    noteAbilities(dialog, response);
    if (response.lists('require', '100rel')) this.#acknowledgeProvisional(dialog, response);
  }

  /** @see RFC 3262 §4 */
  #acknowledgeProvisional(dialog: Dialog, response: Message): void {
    const rseq = Number(response.header('rseq'));
    const last = this.#rseqs.get(dialog.remoteTag);
    if (dialog.state !== 'early' || (last !== undefined && rseq !== last + 1)) return;
    this.#rseqs.set(dialog.remoteTag, rseq);
    const isOffer = !this.#hasOffer && response.body !== '' && last === undefined;
    const headers: Header[] = [
      ['RAck', `${rseq} ${response.cseq} INVITE`],
      ['Supported', this.#agent.supported],
    ];
    if (isOffer) headers.push(sdpType);
    const prack = dialog.request('PRACK', headers, isOffer ? describe(dialog.session) : '');
    this.#agent.send(dialog, prack, { final: () => undefined, failed: () => undefined });
  }

  #final(response: Message): void {
    const { status } = response;
    if (status < 300) this.#answered(response);
    else if (status === 422 && this.#state === 'calling' && this.#minSeS === 0 && response.has('min-se')) {
      this.#minSeS = Number.parseInt(response.header('min-se'), 10);
      this.#cseq++;
      this.#endEarly();
      this.#try();
    } else if (status === 503) this.#failed(status);
    else this.#decide({ status, callId: this.callId });
  }

  #failed(status: number): void {
    this.#hops.shift();
    this.#endEarly();
    if (this.#state === 'calling' && this.#hops.length > 0) this.#try();
    else this.#decide({ status, callId: this.callId });
  }

  /** A 2xx: the first makes the call's dialog, those of other branches are ended (RFC 3261 §13.2.2.4). */
  #answered(response: Message): void {
    const known = this.#acks.get(response.toTag);
    if (known !== undefined) {
      known();
      return;
    }
    const dialog = this.#early.get(response.toTag) ?? Dialog.ofResponse(response, this.#session);
    dialog.routeSet = routesOf(response).reverse();
    dialog.remoteTarget = uriOf(response.header('contact'));
    dialog.localTarget = this.#contact;
    noteAbilities(dialog, response);
    const agent = this.#agent;
    const [headers, body] = this.#hasOffer ? [[], ''] : [[sdpType], describe(dialog.session)];
    const acknowledge = agent.acknowledger(dialog, response, dialog.ack(response.cseq, headers, body));
    this.#acks.set(response.toTag, acknowledge);
    acknowledge();
    if (this.#state !== 'calling') {
      agent.send(dialog, dialog.request('BYE', [['Supported', agent.supported]]), {
        final: () => undefined,
        failed: () => undefined,
      });
      this.#decide({ status: 487, callId: this.callId });
      return;
    }
    this.#early.delete(response.toTag);
    agent.establish(dialog, this.#owner);
    takeInterval(dialog, this.#asked, response);
    this.#decide({ status: response.status, callId: this.callId, dialog });
  }

  #decide(outcome: CallOutcome): void {
    if (this.#state === 'decided') return;
    this.#state = 'decided';
    this.#patience?.cancel();
    this.#endEarly();
    this.#settle(outcome);
  }

  #endEarly(): void {
    for (const dialog of this.#early.values()) this.#agent.end(dialog, 'remote', 'not answered');
    this.#early.clear();
    this.#rseqs.clear();
  }
}

/** What a peer can, as its messages tell. */
export function noteAbilities(dialog: Dialog, message: Message): void {
  if (message.has('allow')) dialog.peerAllows = message.values('allow');
}
