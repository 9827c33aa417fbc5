import { Announcer } from './announcer.ts';
import { needOptions, needSignal } from './checks.ts';
import type { Address } from './contract.ts';
import type { DialogId } from './dialog/table.ts';
import { checkedRecord } from './dialog-record.ts';
import type { Command, Content } from './engine/command.ts';
import type { EngineCounters } from './engine/counters.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type {
  CommandFailure,
  EngineCounts,
  EngineEvent,
  EngineMemory,
  ResponseData,
  ResultValue,
} from './engine/event.ts';
import { asSipError, SipError, UsageError } from './errors.ts';
import { type Asker, Dialog, FailureResponseError } from './handles.ts';
import { checkInvite, type InviteOptions } from './invite-options.ts';
import { addressOfText } from './message/numeric-address.ts';
import { sipUri } from './message/sent-by.ts';
import type { RouteStatus } from './recovery/route-health.ts';
import { startEngine } from './shard/engine-shard.ts';
import type { InlineShard } from './shard/inline.ts';
import {
  type HopDescription,
  protocolsOf,
  type ResolvedOptions,
  resolveHops,
  resolveOptions,
  type StackOptions,
} from './stack-options.ts';

/**
 * Opens a stack: its sockets, its dialogs, and their healing.
 *
 * @throws UsageError when an option is wrong; SipError `SIP_PORT_IN_USE` or `SIP_BIND_FAILED` when a socket cannot be opened.
 */
export async function createStack(options: StackOptions): Promise<Stack> {
  const stack = new Stack(resolveOptions(options));
  await stack.open();
  return stack;
}

const signalName = { signal: true } as const;

/** The engine's timers carry unsigned 32-bit numbers. */
const commandIdMax = 2 ** 32 - 1;

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

interface Waiter {
  readonly resolve: (value: ResultValue) => void;
  readonly reject: (error: SipError) => void;
  readonly onProvisional: InviteOptions['onProvisional'];
}

/** A SIP endpoint whose dialogs outlive their routes. Made by `createStack`. */
export class Stack implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  #hops: ResolvedOptions['hops'];
  readonly #waiters = new Map<number, Waiter>();
  readonly #asker: Asker;
  readonly #announcer: Announcer;
  #shard: InlineShard<Command> | undefined;
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  #closed: Promise<CloseReport> | undefined;
  #destroyed: Promise<void> | undefined;
  #commandIds = 0;

  /** @internal `createStack` makes stacks. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#hops = options.hops;
    this.#asker = {
      request: (dialog, request, signal) => this.#request(dialog, request, signal),
      bye: async (dialog, signal) => {
        const onAbort = (id: number): Command => ({ name: 'abandon', id });
        await this.#ask((id) => ({ name: 'bye', id, dialog }), { signal, onAbort });
      },
      routeStatus: (dialog) => this.#routeStatus(dialog),
      heal: (dialog, signal) => this.#heal(dialog, signal),
      relate: (dialog, group) => this.#command({ name: 'relate', dialog, group }),
      reportMedia: (dialog, alive) => this.#command({ name: 'media', dialog, alive }),
      export: (dialog, release) => this.#export(dialog, release),
      ring: (call, status, content, reliable) => this.#command({ name: 'ring', call, status, content, reliable }),
      answer: async (call, content) => this.#dialog(await this.#ask((id) => ({ name: 'answer', id, call, content }))),
      refuse: (call, status, content) => this.#command({ name: 'refuse', call, status, content }),
      respond: (request, status, content) => this.#command({ name: 'respond', request, status, content }),
    };
    this.#announcer = new Announcer(options.application, this.#asker, (command) => {
      if (this.#state !== 'closed') this.#command(command);
    });
  }

  /** @internal */
  async open(): Promise<void> {
    const { transports, clock, application, ...engine } = this.#options;
    try {
      this.#shard = await startEngine({
        transports,
        clock,
        shard: 0,
        engine,
        onEvents: (events) => this.#hear(events),
        onWarning: (message) => application.onWarning?.(message),
      });
    } catch (error) {
      throw asSipError(error);
    }
    this.#state = 'open';
  }

  /** Where the stack is reached, one for each transport. */
  get locals(): readonly Address[] {
    return this.#shard?.locals ?? [];
  }

  /** Messages dropped for want of room, on their way in or out. */
  get shed(): number {
    return this.#shard?.shed ?? 0;
  }

  /** The next hops that may carry our dialogs. */
  get hops(): readonly HopDescription[] {
    return this.#hops.map(({ address, weight }) => ({ uri: sipUri(address), weight }));
  }

  /** Replaces the list of next hops while the stack runs. Dialogs stay where they are until their route breaks. */
  setHops(hops: readonly (string | HopDescription)[]): void {
    const listed = resolveHops(hops, protocolsOf(this.#options.transports));
    this.#command({ name: 'hops', hops: listed });
    this.#hops = listed;
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
    const asked = this.#ask(
      (id) => {
        this.#announcer.callBegins(id, options);
        return { name: 'invite', id, target, from, content, takesForks, answersOffers, expiresS };
      },
      { signal, onAbort: (id) => ({ name: 'cancel', id }), onProvisional },
    );
    const dialog = this.#dialog(await asked);
    if (options.group !== undefined) dialog.relate(options.group);
    return dialog;
  }

  /**
   * Heals every dialog, broken or not, paced as after the death of a hop: for a program that knows that its network has changed.
   * What becomes of them is told by `onRouteStatus`.
   */
  heal(): void {
    this.#needRecovery();
    this.#command({ name: 'heal-all' });
  }

  /**
   * Takes over a dialog that another stack, or this one, has set up: `dialogSchema` says what a record holds, and what stands for
   * what is left out. Resolves with the dialog, which is confirmed; nothing is sent, unless the record says that its route is
   * `recovering`: then it is healed at once, or with recovery off refreshed once. That also tells the peer our Contact, which it
   * needs to know when the record comes from another address.
   *
   * Rejects with a `UsageError` that has every reason at once (`reasons`) when the record is none, or the stack has the
   * dialog already; with `SIP_OVERLOADED` when there is no room.
   */
  async adopt(record: DialogRecord): Promise<Dialog> {
    const sound = checkedRecord(record);
    if (this.#state !== 'open') throw new SipError('SIP_CLOSED', 'The stack takes no more dialogs.');
    return this.#dialog(await this.#ask((id) => ({ name: 'adopt', id, record: sound })));
  }

  /** What the stack holds; everything is 0 when it is at rest. */
  async counts(): Promise<EngineCounts> {
    const { counts } = await this.#ask((id) => ({ name: 'counts', id }));
    if (counts === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no counts.');
    return counts;
  }

  /** What the stack has received, sent and refused since it was opened: numbers that only grow, to be scraped. */
  async counters(): Promise<StackCounters> {
    const { counters } = await this.#ask((id) => ({ name: 'counters', id }));
    if (counters === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no counters.');
    return { ...counters, shed: this.shed };
  }

  /**
   * What the stack takes of memory off the heap, by kind, in octets: to be watched and planned with. What ended has left room that is
   * kept, and used again.
   */
  async memory(): Promise<EngineMemory> {
    const { memory } = await this.#ask((id) => ({ name: 'memory', id }));
    if (memory === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no account of its memory.');
    return memory;
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
      for (const waiter of this.#waiters.values()) waiter.reject(new SipError('SIP_CLOSED', 'The stack was closed.'));
      this.#waiters.clear();
      this.#announcer.forgetAll();
      this.#destroyed = this.#shard?.destroy() ?? Promise.resolve();
    }
    return this.#destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #drain(): Promise<CloseReport> {
    const draining = this.#ask((id) => ({ name: 'drain', id }));
    this.#state = 'closing';
    const drained = await draining.catch(() => undefined); // destroy() came first
    // The last events are delivered one macrotask behind the result.
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    await this.destroy();
    return { undelivered: drained?.undelivered };
  }

  async #request(
    dialog: DialogId,
    request: { readonly method: string; readonly content: Content; readonly confirm: boolean },
    signal: AbortSignal | undefined,
  ): Promise<ResponseData> {
    const { response } = await this.#ask((id) => ({ name: 'request', id, dialog, ...request }), {
      signal,
      onAbort: (id) => ({ name: 'abandon', id }),
    });
    if (response === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no response.');
    return response;
  }

  async #routeStatus(dialog: DialogId): Promise<RouteStatus> {
    const { routeStatus } = await this.#ask((id) => ({ name: 'route-status', id, dialog }));
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
  }

  async #heal(dialog: DialogId, signal: AbortSignal | undefined): Promise<RouteStatus> {
    this.#needRecovery();
    const { routeStatus } = await this.#ask((id) => ({ name: 'heal', id, dialog }), {
      signal,
      onAbort: (id) => ({ name: 'abandon', id }),
    });
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
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

  async #export(dialog: DialogId, release: boolean): Promise<DialogRecord> {
    const { record } = await this.#ask((id) => ({ name: 'export', id, dialog, release }));
    if (record === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no record.');
    return record;
  }

  #dialog(value: ResultValue): Dialog {
    if (value.dialog === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no dialog.');
    return new Dialog(value.dialog, this.#asker);
  }

  #command(command: Command): void {
    if (this.#state === 'closed' || this.#shard === undefined) throw new SipError('SIP_CLOSED', 'The stack is closed.');
    this.#shard.command(command);
  }

  async #ask(
    make: (id: number) => Command,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onAbort?: (id: number) => Command;
      readonly onProvisional?: InviteOptions['onProvisional'];
    } = {},
  ): Promise<ResultValue> {
    const { signal, onAbort, onProvisional } = options;
    if (signal?.aborted) throw new SipError('SIP_ABORTED', 'The signal was aborted before the call.');
    const id = this.#newCommandId();
    const result = new Promise<ResultValue>((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject, onProvisional });
    });
    const abort = (): void => {
      if (onAbort !== undefined && this.#waiters.has(id)) this.#command(onAbort(id));
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#command(make(id));
      return await result;
    } finally {
      this.#waiters.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** From 1 to what the engine's timers carry, and then again. */
  #newCommandId(): number {
    do this.#commandIds = (this.#commandIds % commandIdMax) + 1;
    while (this.#waiters.has(this.#commandIds));
    return this.#commandIds;
  }

  /** Results settle at once; everything else waits for a later macrotask, so that no event overtakes a rejection. */
  #hear(events: readonly EngineEvent[]): void {
    const later: (() => void)[] = [];
    for (const event of events) {
      if (event.kind === 'result') this.#settle(event.id, event.failure, event.value);
      else if (event.kind === 'provisional') later.push(...this.#provisional(event));
      else later.push(() => this.#announcer.tell(event));
    }
    if (later.length > 0) this.#options.clock.defer(() => this.#deliver(later));
  }

  /** Whoever waits now is told, also when the final response of the same step has settled its promise by then. */
  #provisional({ id, response, dialog }: Extract<EngineEvent, { kind: 'provisional' }>): (() => void)[] {
    const onProvisional = this.#waiters.get(id)?.onProvisional;
    if (onProvisional === undefined) return [];
    return [() => onProvisional(response, dialog && new Dialog(dialog, this.#asker))];
  }

  #settle(id: number, failure: CommandFailure | undefined, value: ResultValue): void {
    const waiter = this.#waiters.get(id);
    this.#announcer.callEnds(id, failure === undefined);
    if (failure === undefined) waiter?.resolve(value);
    else waiter?.reject(errorOf(failure));
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

function errorOf(failure: CommandFailure): SipError {
  const { response, origin = 'local', cause } = failure;
  if (failure.code === 'SIP_USAGE') return new UsageError(failure.message);
  const began = cause && new FailureResponseError(cause, 'intermediary');
  if (response === undefined) return new SipError(failure.code, failure.message, began && { cause: began });
  return new FailureResponseError(response, origin, began);
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
