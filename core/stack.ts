import { warn } from './announcer.ts';
import { publishShardLost } from './channels.ts';
import { needOptions, needSignal } from './checks.ts';
import type { Address } from './contract.ts';
import { Counterpart } from './counterpart.ts';
import { checkedRecord } from './dialog-record.ts';
import type { Command } from './engine/command.ts';
import type { EngineCounters } from './engine/counters.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type { EngineCounts, EngineEvent, EngineMemory, ResultValue } from './engine/event.ts';
import { asSipError, SipError, UsageError } from './errors.ts';
import type { Dialog } from './handles.ts';
import { checkInvite, type InviteOptions } from './invite-options.ts';
import { addressOfText } from './message/numeric-address.ts';
import { sipUri } from './message/sent-by.ts';
import { PendingCommands } from './pending-commands.ts';
import { RegistrationRefresh } from './registration-refresh.ts';
import type { Shards, ShardsUser } from './shard/shards.ts';
import { type HopDescription, protocolsOf, type ResolvedOptions, resolveHops } from './stack-options.ts';
import { sumOf, sumOfMemory } from './sums.ts';

const signalName = { signal: true } as const;

/** What a stack has received, sent and refused since it was opened. */
export interface StackCounters extends EngineCounters {
  /** Messages dropped for want of room, on their way in or out. */
  readonly shed: number;
}

/** How a stack was closed. */
export interface CloseReport {
  /** So many peers have not been told that their dialogs are over; undefined where `close` was cut short by its signal or `destroy`. */
  readonly undelivered: number | undefined;
}

/** A SIP endpoint whose dialogs outlive their routes. Made by `createStack`. */
export class Stack implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  #hops: ResolvedOptions['hops'];
  readonly #pending: PendingCommands;
  readonly #counterparts: readonly Counterpart[];
  #shards: Shards | undefined;
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  #closed: Promise<CloseReport> | undefined;
  #destroyed: Promise<void> | undefined;
  /** What shards have told while others were still being opened. */
  readonly #early: (readonly (() => void)[])[] = [];
  /** Dialogs that are being adopted, by Call-ID and tags. */
  readonly #beingTaken = new Set<string>();
  /** The shard that the last call went to. */
  #lastShard = -1;

  /** @internal `createStack` makes stacks; one inside a shard has that shard alone. */
  constructor(options: ResolvedOptions, inShard: boolean = false) {
    this.#options = options;
    this.#hops = options.hops;
    const mayDie = !inShard && options.shardCount > 0;
    this.#pending = new PendingCommands(inShard, mayDie);
    const { application } = options;
    const registration = new RegistrationRefresh(application);
    this.#counterparts = Array.from({ length: inShard ? 1 : Math.max(1, options.shardCount) }, (_, shard) => {
      const send = (command: Command): void => this.#command(shard, command);
      return new Counterpart({
        shard,
        application,
        registration,
        pending: this.#pending,
        send,
        locals: () => this.#shards?.localsOf(shard) ?? [],
        isUp: () => this.#state !== 'closed' && (this.#shards?.isUp(shard) ?? false),
        needOpen: () => this.#needOpen(),
        needRecovery: () => this.#needRecovery(),
        mayDie,
      });
    });
  }

  /** @internal Opens the stack on the shards that `start` gives. */
  async open(start: (user: ShardsUser) => Promise<Shards>): Promise<void> {
    try {
      this.#shards = await start({
        heard: (shard, events, done) => this.#heard(shard, events, done),
        lost: (shard, reason, dialogs) => this.#lost(shard, reason, dialogs),
        begunAnew: (shard) => this.#begunAnew(shard),
        warning: (message) => this.#tellLater([() => warn(this.#options.application, message)]),
      });
    } catch (error) {
      throw asSipError(error);
    }
    this.#state = 'open';
    for (const tellings of this.#early.splice(0)) this.#tellLater(tellings);
  }

  /** Where the stack is reached, one for each transport. */
  get locals(): readonly Address[] {
    return this.#shards?.locals ?? [];
  }

  /** Messages dropped for want of room, on their way in or out. */
  get shed(): number {
    return this.#shards?.shed ?? 0;
  }

  /** The next hops that may carry our dialogs. */
  get hops(): readonly HopDescription[] {
    return this.#hops.map(({ address, weight }) => ({ uri: sipUri(address), weight }));
  }

  /** Replaces the list of next hops while the stack runs. Dialogs stay where they are until their route breaks. */
  setHops(hops: readonly (string | HopDescription)[]): void {
    const listed = resolveHops(hops, protocolsOf(this.#options.transports));
    this.#commandAll({ name: 'hops', hops: listed });
    this.#hops = listed;
  }

  /** @internal The main thread has replaced the list of hops; the shard's engine knows it already. */
  noteHops(hops: ResolvedOptions['hops']): void {
    this.#hops = hops;
  }

  /**
   * Calls `target`, a SIP URI. Resolves with the dialog when the call is answered; rejects with a `FailureResponseError` when
   * it is refused or no hop takes it.
   */
  async invite(target: string, options: InviteOptions = {}): Promise<Dialog> {
    const { content, from } = checkInvite(target, options);
    const { signal, onProvisional, onFork, answerOffer, expiresS } = options;
    if (this.#state !== 'open') throw new SipError('SIP_CLOSED', 'The stack takes no more calls.');
    this.#needTransport(target);
    const takesForks = onFork !== undefined;
    const answersOffers = answerOffer !== undefined;
    const counterpart = this.#nextCounterpart();
    const asked = counterpart.ask(
      (id) => {
        counterpart.callBegins(id, options);
        return { name: 'invite', id, target, from, content, takesForks, answersOffers, expiresS };
      },
      { signal, onAbort: (id) => ({ name: 'cancel', id }), onProvisional },
    );
    const dialog = counterpart.dialogOf(await asked);
    if (options.group !== undefined) dialog.relate(options.group);
    return dialog;
  }

  /**
   * Heals every dialog, broken or not, paced as after the death of a hop: for a program that knows that its network has changed.
   * What becomes of them is told by `onRouteStatus`.
   */
  heal(): void {
    this.#needRecovery();
    this.#commandAll({ name: 'heal-all' });
  }

  /**
   * Takes over a dialog that another stack, or this one, has set up: `dialogSchema` says what a record holds, and what stands for
   * what is left out. Resolves with the dialog, which is confirmed; nothing is sent, unless the record says that its route is
   * `recovering`: then it is healed at once, or with recovery off refreshed once. That also tells the peer our Contact, which it
   * needs to know when the record comes from another address.
   *
   * Rejects with a `UsageError` that has every reason at once (`reasons`) when the record is none, or the stack has the
   * dialog already; with `SIP_OVERLOADED` when there is no room; with `SIP_SHARD_LOST` when its shard is being started anew.
   *
   * Where shards have ports of their own, the dialog goes to the shard whose port its peer knows, by `localAddress` or `localContact`. One
   * from another stack goes to any; so does one that is `recovering` and says neither. Any other is refused. An application in a shard adopts
   * the dialogs of that shard alone: by its ports, or by the Call-ID.
   */
  async adopt(record: DialogRecord): Promise<Dialog> {
    const sound = checkedRecord(record);
    if (this.#state !== 'open') throw new SipError('SIP_CLOSED', 'The stack takes no more dialogs.');
    const owner = this.#counterpart(this.#needOpen().ownerOf(sound));
    const takes = async (): Promise<Dialog> =>
      owner.dialogOf(await owner.ask((id) => ({ name: 'adopt', id, record: sound })));
    return this.#options.perShardPorts ? this.#takeOnce(sound, owner, takes) : takes();
  }

  /** What the stack holds; everything is 0 when it is at rest. */
  async counts(): Promise<EngineCounts> {
    const values = await this.#askAll((id) => ({ name: 'counts', id }));
    return sumOf(values.map(({ counts }) => counts));
  }

  /**
   * What the stack has received, sent and refused since it was opened: numbers that only grow, to be scraped. What shards had counted that
   * died is in them; in a shard's own stack it is not.
   */
  async counters(): Promise<StackCounters> {
    const { formerCounters } = this.#needOpen(); // of lives that were over before: one that ends now has been asked
    const values = await this.#askAll((id) => ({ name: 'counters', id }));
    return { ...sumOf([...formerCounters, ...values.map(({ counters }) => counters)]), shed: this.shed };
  }

  /**
   * What the stack takes of memory off the heap, by kind, in octets: to be watched and planned with. What ended has left room that is
   * kept, and used again.
   */
  async memory(): Promise<EngineMemory> {
    const values = await this.#askAll((id) => ({ name: 'memory', id }));
    return sumOfMemory(values.map(({ memory }) => memory));
  }

  /**
   * Takes no more calls, gives up those that are not answered yet, ends every dialog by BYE, and closes the sockets when all
   * have ended, or when `signal` aborts. A peer that answers nothing is waited for as long as SIP's timers have it: 32 s for
   * a BYE, and before that as long for a CANCEL or for the ACK of an answer.
   *
   * An outage may last longer. What peers are not told by then they learn when they next ask, if something at this address answers
   * 481, or by their session timer. To leave dialogs to another process, `export` them with `release` and then close.
   */
  close(options: { readonly signal?: AbortSignal } = {}): Promise<CloseReport> {
    needOptions('close()', options, signalName);
    needSignal('signal', options.signal);
    if (this.#closed === undefined && this.#state === 'open') this.#closed = this.#drain();
    const cutShort = (): CloseReport => ({ undelivered: undefined });
    const closed = this.#closed ?? this.destroy().then(cutShort);
    return Promise.race([closed, aborted(options.signal).then(() => this.destroy().then(cutShort))]);
  }

  /** Closes the sockets now. Dialogs are not ended; whoever waits hears `SIP_CLOSED`. */
  destroy(): Promise<void> {
    if (this.#destroyed === undefined) {
      this.#state = 'closed';
      this.#pending.rejectAll(new SipError('SIP_CLOSED', 'The stack was closed.'));
      for (const counterpart of this.#counterparts) counterpart.forgetAll();
      this.#destroyed = this.#shards?.destroy() ?? Promise.resolve();
    }
    return this.#destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Where shards have ports of their own a Call-ID does not say which of them may have its dialog: all are asked first. */
  async #takeOnce(record: DialogRecord, owner: Counterpart, takes: () => Promise<Dialog>): Promise<Dialog> {
    const name = [record.callId, record.localTag, record.remoteTag].join(' ');
    if (this.#beingTaken.has(name)) throw new UsageError('/callId: the dialog is being adopted already.');
    this.#beingTaken.add(name);
    try {
      const others = this.#up().filter((counterpart) => counterpart !== owner);
      const found = await Promise.all(others.map((other) => other.has(record)));
      if (found.includes(true)) throw new UsageError('/callId: the stack has this dialog already.');
      return await takes();
    } finally {
      this.#beingTaken.delete(name);
    }
  }

  async #drain(): Promise<CloseReport> {
    const draining = this.#counterparts.map((counterpart) => this.#drainShard(counterpart));
    this.#state = 'closing';
    const drained = await Promise.all(draining);
    // The last events are delivered one macrotask behind the result.
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    await this.destroy();
    if (drained.includes(undefined)) return { undelivered: undefined };
    return { undelivered: drained.reduce<number>((sum, undelivered = 0) => sum + undelivered, 0) };
  }

  /** How many peers of a shard were not told: those that it had where it dies meanwhile, or is down; undefined where `destroy` comes first. */
  async #drainShard(counterpart: Counterpart): Promise<number | undefined> {
    try {
      return (await counterpart.ask((id) => ({ name: 'drain', id }))).undelivered ?? 0;
    } catch (error) {
      return error instanceof SipError && error.code === 'SIP_SHARD_LOST' ? counterpart.lostCount : undefined;
    }
  }

  /** Without hops a call goes straight to its target, by the protocol that it names. */
  #needTransport(target: string): void {
    const protocol = this.#hops.length === 0 ? addressOfText(target)?.protocol : undefined;
    if (protocol === undefined || protocolsOf(this.#options.transports).includes(protocol)) return;
    throw new SipError('SIP_OPEN_FAILED', `'${target}' is reached by ${protocol}, for which there is no transport.`);
  }

  #needRecovery(): void {
    if (this.#options.mode === 'none') throw new UsageError("heal() heals nothing with recovery.mode 'none'.");
  }

  #command(shard: number, command: Command): void {
    this.#needOpen().command(shard, command);
  }

  #needOpen(): Shards {
    if (this.#state === 'closed' || this.#shards === undefined)
      throw new SipError('SIP_CLOSED', 'The stack is closed.');
    return this.#shards;
  }

  /** A shard that comes back takes calls by the hops of today, and none where the stack is closing. */
  #begunAnew(shard: number): void {
    if (this.#state === 'open') this.#command(shard, { name: 'hops', hops: this.#hops });
    else if (this.#state === 'closing') void this.#drainShard(this.#counterpart(shard));
  }

  /** To each shard that is up; one that is being started anew begins with what holds by then. */
  #commandAll(command: Command): void {
    const shards = this.#needOpen();
    for (const shard of this.#counterparts.keys()) if (shards.isUp(shard)) shards.command(shard, command);
  }

  async #askAll(make: (id: number) => Command): Promise<ResultValue[]> {
    return Promise.all(this.#up().map((counterpart) => counterpart.ask(make)));
  }

  /** Those of the shards that are up. */
  #up(): Counterpart[] {
    const shards = this.#needOpen();
    return this.#counterparts.filter((_, shard) => shards.isUp(shard));
  }

  #counterpart(shard: number): Counterpart {
    const counterpart = this.#counterparts[shard];
    if (counterpart === undefined) throw new RangeError(`there is no shard ${shard}`);
    return counterpart;
  }

  /** Calls go to the shards by turns. */
  #nextCounterpart(): Counterpart {
    const { length } = this.#counterparts;
    for (let step = 1; step <= length; step++) {
      const shard = (this.#lastShard + step) % length;
      if (!(this.#shards?.isUp(shard) ?? true)) continue;
      this.#lastShard = shard;
      return this.#counterpart(shard);
    }
    throw new SipError('SIP_SHARD_LOST', 'Every shard is being started anew.');
  }

  #heard(shard: number, events: readonly EngineEvent[], done: () => void): void {
    const later = this.#counterpart(shard).hear(events);
    if (later.length === 0) done();
    else this.#tellLater([...later, done]);
  }

  #lost(shard: number, reason: string, dialogs: number): void {
    const later = this.#counterpart(shard).lost(reason, dialogs, this.#options.clock.nowMs());
    publishShardLost({ shard, reason });
    later.push(() => warn(this.#options.application, `Shard ${shard} was lost, and is started anew: ${reason}`));
    this.#tellLater(later);
  }

  #tellLater(tellings: readonly (() => void)[]): void {
    if (this.#state === 'opening') {
      this.#early.push(tellings);
      return;
    }
    this.#options.clock.defer(() => this.#deliver(tellings));
  }

  /** A handler that throws is the program's affair, and keeps no other event from it. */
  #deliver(tellings: readonly (() => void)[]): void {
    for (const tell of tellings) {
      if (this.#state === 'closed') return;
      try {
        tell();
      } catch (error) {
        this.#options.clock.defer(() => {
          throw error;
        });
      }
    }
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
