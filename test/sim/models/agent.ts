import type { Clock, Transport } from '../../../transport/index.ts';
import { type Dice, diceFor } from '../dice.ts';
import type { Habit } from '../plan.ts';
import { Challenger } from './challenger.ts';
import type { ClientHearer, ClientTransaction } from './client-transaction.ts';
import { type Dialog, type DialogRecord, dialogId } from './dialog.ts';
import { digest } from './digest.ts';
import type { Header, Message } from './message.ts';
import { Moods } from './moods.ts';
import type { Place, Post } from './post.ts';
import type { Request } from './request.ts';
import { SessionTimer } from './session-timer.ts';
import type { Timers } from './timers.ts';
import { Transactions, type TransactionUser } from './transactions.ts';
import { writeHostPort } from './uri.ts';
import { parseVia } from './via.ts';

/** Whoever uses an endpoint. */
export interface EndpointUser {
  /** A call has come; the endpoint itself answers it. */
  onCall?(callId: string): void;
  /** An INFO with that number has come. */
  onExecuted(info: number, callId: string): void;
  onEstablished(dialog: Dialog): void;
  /** A dialog that was established is over. */
  onEnded(dialog: Dialog, by: 'local' | 'remote', reason: string): void;
}

export interface StrictEndpointOptions {
  readonly transport: Transport;
  /** Another port of the same host, for the habit `changes-contact`. */
  readonly otherTransport?: Transport;
  readonly clock: Clock;
  /** Another one for each process at the same place: its names must be new. */
  readonly seed: number;
  readonly habits: readonly Habit[];
  /** 0 for none. */
  readonly sessionIntervalS: number;
  /** Where requests outside dialogs go, by the transport's protocol: the next one where one fails. Without any, to their Request-URI. */
  readonly outbound: readonly Place[];
  /** Lists `replaces` and takes such calls. Default true. */
  readonly replaces?: boolean;
  /** Dialogs of the process that was there before. */
  readonly records?: readonly DialogRecord[];
  readonly user: EndpointUser;
}

/** Names the act that a call comes from: so whoever is called has dice for it that nothing else changes. */
export const actHeader = 'X-Act';

export const optionTag = 'ms-dialog-route-set-update';

/** What all parts of one endpoint share: identity, dialogs, transactions, chance. */
export class Agent {
  readonly options: StrictEndpointOptions;
  readonly moods: Moods;
  readonly challenger: Challenger = new Challenger();
  readonly transactions: Transactions;
  /** Early and confirmed ones, by their id. */
  readonly dialogs: Map<string, Dialog> = new Map();
  readonly supported: string;
  readonly allow: string;
  readonly #wasLonger = new Set<string>();
  #posts: readonly Post[] = [];
  #contacts = 0;
  #names = 0;
  #sessions = 0;

  constructor(options: StrictEndpointOptions, user: TransactionUser) {
    this.options = options;
    this.moods = new Moods(options.habits);
    this.transactions = new Transactions(options.clock, user, () => `z9hG4bK${this.newName()}`);
    const { moods } = this;
    const tags = ['timer'];
    if (options.replaces !== false) tags.push('replaces');
    if (moods.has('rings-reliably')) tags.push('100rel');
    if (!moods.has('no-option-tag')) tags.push(optionTag);
    this.supported = tags.join(', ');
    const refusesUpdate = moods.has('refuses-update') || moods.has('does-not-know-update');
    this.allow = `INVITE, ACK, BYE, CANCEL, INFO, OPTIONS, PRACK${refusesUpdate ? '' : ', UPDATE'}`;
  }

  set posts(posts: readonly Post[]) {
    this.#posts = posts;
  }

  /** By which everything is sent; responses go the way of their requests. */
  get post(): Post {
    const [post] = this.#posts;
    if (post === undefined) throw new Error('the endpoint is not started');
    return post;
  }

  get timers(): Timers {
    return this.transactions.timers;
  }

  /** A tag, a Call-ID or a branch that nobody else has. */
  newName(): string {
    return this.nameFor(`name ${++this.#names}`);
  }

  /** The name that is for that, whatever else has happened. */
  nameFor(what: string): string {
    const { local } = this.post;
    return digest(`${this.options.seed} ${local.host}:${local.port} ${what}`);
  }

  /** Dice for that, whatever else has happened. */
  diceFor(what: string): Dice {
    return diceFor(this.options.seed, what);
  }

  /** The least interval that it takes, where it takes not this one: once for each call. */
  wantsLonger(callId: string, intervalS: number): number | undefined {
    if (this.#wasLonger.has(callId) || !this.moods.isIn('wants-longer-sessions')) return undefined;
    this.#wasLonger.add(callId);
    return intervalS + 30;
  }

  newSession(): number {
    return 1000 * ++this.#sessions;
  }

  get uri(): string {
    return `sip:model@${this.#place(this.post)}`;
  }

  /** Value of Contact. That of a refresh, or of a 2xx to one, changes where it is a habit. */
  contact(isRefresh: boolean): string {
    if (isRefresh && this.moods.has('changes-contact')) this.#contacts++;
    const post = this.#posts[this.#contacts % this.#posts.length] ?? this.post;
    return `<sip:model@${this.#place(post)}${post.protocol === 'tcp' ? ';transport=tcp' : ''}>`;
  }

  #place({ local }: Post): string {
    return writeHostPort(local.host, local.port);
  }

  /** What it can, for INVITE, UPDATE and their 2xx. */
  get abilities(): readonly Header[] {
    return [
      ['Supported', this.supported],
      ['Allow', this.allow],
    ];
  }

  /** The dialog that a message from the peer belongs to. */
  dialogOf(request: Message): Dialog | undefined {
    return this.dialogs.get(dialogId(request.callId, request.toTag, request.fromTag));
  }

  /** Sends inside a dialog; undefined when there is no way to (which `failed` hears of). */
  send(dialog: Dialog, request: Request, hearer: ClientHearer): ClientTransaction | undefined {
    const to = dialog.destination ?? dialog.source?.from;
    if (to !== undefined) return this.transactions.send(this.post, to, request, hearer);
    hearer.failed(503);
    return undefined;
  }

  /** What sends the ACK of a 2xx, and sends it again: always the same one, to the same place (RFC 3261 §13.2.2.4). */
  acknowledger(dialog: Dialog, { topVia }: Message, ack: Request): () => void {
    const to = dialog.destination ?? dialog.source?.from;
    const ofInvite = this.moods.has('acks-in-its-branch') ? parseVia(topVia)?.branch : undefined;
    const branch = ofInvite ?? `z9hG4bK${this.newName()}`;
    return () => {
      if (to !== undefined) this.transactions.sendOnce(this.post, to, ack, branch);
    };
  }

  /** A dialog is confirmed. `timerUser` keeps its session alive. */
  establish(dialog: Dialog, timerUser: { refresh(dialog: Dialog): void; expire(dialog: Dialog): void }): void {
    dialog.state = 'confirmed';
    this.dialogs.set(dialog.id, dialog);
    const isKept = this.moods.has('keeps-session-timer');
    const user = { refresh: () => timerUser.refresh(dialog), expire: () => timerUser.expire(dialog) };
    const timer = new SessionTimer(this.timers, user, isKept);
    dialog.timer = timer;
    dialog.leavers.add(() => timer.stop());
    this.options.user.onEstablished(dialog);
  }

  end(dialog: Dialog, by: 'local' | 'remote', reason: string): void {
    if (dialog.state === 'ended') return;
    const wasEstablished = dialog.state === 'confirmed';
    dialog.state = 'ended';
    this.dialogs.delete(dialog.id);
    for (const leave of [...dialog.leavers]) leave();
    dialog.leavers.clear();
    for (const then of dialog.afterAck.splice(0)) then();
    if (wasEstablished) this.options.user.onEnded(dialog, by, reason);
  }
}
