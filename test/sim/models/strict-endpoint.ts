import type { Protocol } from '../../../transport/index.ts';
import { Agent, type StrictEndpointOptions } from './agent.ts';
import { Dialog, type DialogRecord } from './dialog.ts';
import type { Header, Message } from './message.ts';
import { type CallOutcome, OutgoingCall } from './outgoing-call.ts';
import { Post, type Source } from './post.ts';
import { Reception } from './reception.ts';
import { type Outcome, Requests } from './requests.ts';
import type { ServerTransaction } from './server-transaction.ts';

/** What an endpoint holds: all 0 at rest. */
export interface Counts {
  readonly dialogs: number;
  readonly transactions: number;
  readonly timers: number;
}

/**
 * A user agent of RFC 3261, 3262, 3311, 3891, 4028 and 6026, written from them alone. It answers calls by dice; of dialog recovery
 * it knows what the far end of a heal has to do, unless it has the habit not to.
 */
export class StrictEndpoint {
  readonly #agent: Agent;
  readonly #requests: Requests;
  readonly #reception: Reception;
  #posts: Post[] = [];

  constructor(options: StrictEndpointOptions) {
    this.#agent = new Agent(options, {
      request: (server: ServerTransaction) => this.#reception.request(server),
      ack: (ack: Message) => this.#reception.ack(ack),
      cancelled: (invite: ServerTransaction) => this.#reception.cancelled(invite),
      ping: (request: Message): readonly Header[] | undefined =>
        request.toTag === '' && !request.has('require') ? this.#agent.abilities : undefined,
    });
    this.#requests = new Requests(this.#agent);
    this.#reception = new Reception(this.#agent, this.#requests);
  }

  get protocol(): Protocol {
    return this.#agent.options.transport.protocol;
  }

  /** Confirmed ones. */
  get dialogs(): readonly Dialog[] {
    return [...this.#agent.dialogs.values()].filter(({ state }) => state === 'confirmed');
  }

  get counts(): Counts {
    const { dialogs, transactions, timers } = this.#agent;
    return { dialogs: dialogs.size, transactions: transactions.count, timers: timers.count };
  }

  async start(): Promise<void> {
    const { transport, otherTransport, clock, records = [] } = this.#agent.options;
    const hear = (message: Message, source: Source): void => this.#agent.transactions.hear(message, source);
    for (const each of otherTransport === undefined ? [transport] : [transport, otherTransport])
      this.#posts.push(await Post.open(each, clock, hear));
    this.#agent.posts = this.#posts;
    for (const record of records) this.#adopt(record);
  }

  /** Calls a URI; never rejects. `act`, if there is one, is used once only: it gives the call its Call-ID and its dice, and travels with it. */
  invite(target: string, act?: number): Promise<CallOutcome> {
    const call = new OutgoingCall(this.#agent, this.#requests, target, act);
    call.begin();
    return call.outcome;
  }

  /** Sends that number. */
  info(dialog: Dialog, number: number): Promise<Outcome> {
    return this.#requests.info(dialog, number);
  }

  update(dialog: Dialog, withOffer: boolean): Promise<Outcome> {
    return this.#requests.update(dialog, withOffer);
  }

  reinvite(dialog: Dialog): Promise<Outcome> {
    return this.#requests.reinvite(dialog);
  }

  bye(dialog: Dialog): Promise<Outcome> {
    return this.#requests.bye(dialog);
  }

  /** From now on it answers every call, and refuses nothing out of a mood. */
  calmDown(): void {
    this.#agent.moods.calmDown();
  }

  /** What it would leave behind if it was killed now, for the process that comes after it. */
  get records(): readonly DialogRecord[] {
    return this.dialogs.map(({ record }) => record);
  }

  /** Ends as a killed process does: nothing is sent, nothing is told. */
  async stop(): Promise<void> {
    this.#agent.transactions.stop();
    this.#agent.dialogs.clear();
    for (const post of this.#posts.splice(0)) await post.stop();
  }

  #adopt(record: DialogRecord): void {
    const dialog = new Dialog(record);
    this.#agent.establish(dialog, this.#requests);
    dialog.timer?.restart(record.intervalS, record.isRefresher);
  }
}
