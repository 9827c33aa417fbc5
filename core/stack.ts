import { publishDialogEnded, publishRouteStatus } from './channels.ts';
import { type NamesOf, needFunction, needOptions, needSignal, shown } from './checks.ts';
import type { Address } from './contract.ts';
import type { DialogId } from './dialog/table.ts';
import { checkedRecord } from './dialog-record.ts';
import type { Command, Content } from './engine/command.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type {
  CommandFailure,
  DialogData,
  EngineCounts,
  EngineEvent,
  ResponseData,
  ResultValue,
} from './engine/event.ts';
import { asSipError, SipError, UsageError } from './errors.ts';
import { type Asker, Dialog, FailureResponseError, IncomingCall, IncomingRequest } from './handles.ts';
import { isHeaderValue } from './message/header.ts';
import { addressOfText } from './message/numeric-address.ts';
import { sipUri } from './message/sent-by.ts';
import { parseUriText } from './message/uri.ts';
import { contentNames, contentOf, type MessageContent, sdpType } from './message-content.ts';
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

/** A call of ours. */
export interface InviteOptions extends MessageContent {
  /** From: a URI, or a name-addr such as `"Alice" <sip:alice@example.com>`. Default: the stack's own address. */
  readonly from?: string;
  /** Gives the call up: by CANCEL while it rings, by BYE if it is answered meanwhile. The promise rejects with `SIP_ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * Hears of each provisional response but 100. `dialog` is the early dialog of the branch that rings (a proxy may have forked the
   * call), where there is one: INFO, UPDATE and BYE may be sent inside it. It becomes the call's dialog if that branch answers.
   *
   * @see RFC 3261 §12.1
   */
  readonly onProvisional?: (response: ResponseData, dialog?: Dialog) => void;
  /**
   * Takes the dialogs of further branches that answer within 32 s of the first (a proxy may have forked the call). Without it they
   * are ended by BYE.
   *
   * @see RFC 3261 §13.2.2.4
   */
  readonly onFork?: (dialog: Dialog) => void;
  /** The group of dialogs that it belongs to; see `Dialog.relate`. */
  readonly group?: string;
  /**
   * Answers an offer of the far end, for a call that goes without one (no `body`): what it gives is the body of the ACK, or of the
   * PRACK. Without it, or when it throws, such an offer is refused and the call ended: the promise rejects with a 488, or with
   * `SIP_ABORTED`. It has 31 s.
   *
   * @see RFC 3261 §13.2.1, RFC 3262 §5
   */
  readonly answerOffer?: (offer: Uint8Array, response: ResponseData) => MessageContent | Promise<MessageContent>;
  /**
   * Seconds that the call is good for, sent as Expires: it is cancelled when nobody has answered by then, and rejects with the
   * response to that, mostly a 487. Default: it is sent without, and cancelled after 1,800. @see RFC 3261 §13.2.1, §20.19
   */
  readonly expiresS?: number;
}

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

const inviteNames: NamesOf<InviteOptions> = {
  ...contentNames,
  from: true,
  signal: true,
  onProvisional: true,
  onFork: true,
  group: true,
  answerOffer: true,
  expiresS: true,
};
const signalName = { signal: true } as const;

/** @see RFC 3261 §20.19 */
const expiresMaxS = 86_400;

/** The engine's timers carry unsigned 32-bit numbers. */
const commandIdMax = 2 ** 32 - 1;

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
  readonly #ringing = new Map<number, AbortController>();
  /** Who takes dialogs of further branches, by the id of the call's command. */
  readonly #forkTakers = new Map<number, (dialog: Dialog) => void>();
  /** Who answers offers, by the id of the call's command. */
  readonly #offerAnswerers = new Map<number, NonNullable<InviteOptions['answerOffer']>>();
  readonly #asker: Asker;
  #shard: InlineShard<Command> | undefined;
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  #closed: Promise<void> | undefined;
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
    if (typeof target !== 'string' || parseUriText(target) === undefined || /[\s<>]/.test(target))
      throw new UsageError(`${shown(target)} is no SIP URI.`);
    needOptions('invite()', options, inviteNames);
    needSignal('signal', options.signal);
    needFunction('onProvisional', options.onProvisional);
    needFunction('onFork', options.onFork);
    needFunction('answerOffer', options.answerOffer);
    const content = contentOf(options, sdpType);
    const from = options.from === undefined ? undefined : nameAddr(options.from);
    const { signal, onProvisional, onFork, answerOffer, expiresS } = options;
    if (expiresS !== undefined && !(Number.isInteger(expiresS) && expiresS >= 1 && expiresS <= expiresMaxS))
      throw new UsageError(`expiresS is a whole number from 1 to ${expiresMaxS}, not ${expiresS}.`);
    if (answerOffer !== undefined && content.body !== undefined)
      throw new UsageError('A call with a body makes an offer of its own: answerOffer is for one without.');
    if (this.#state !== 'open') throw new SipError('SIP_CLOSED', 'The stack takes no more calls.');
    this.#needTransport(target);
    const takesForks = onFork !== undefined;
    const answersOffers = answerOffer !== undefined;
    const asked = this.#ask(
      (id) => {
        if (onFork !== undefined) this.#forkTakers.set(id, onFork);
        if (answerOffer !== undefined) this.#offerAnswerers.set(id, answerOffer);
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
   * `recovering`: then it is healed at once. The heal also tells the peer our Contact, which it needs to know when the record
   * comes from another address.
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

  /**
   * Takes no more calls, gives up those that are not answered yet, ends every dialog by BYE, and closes the sockets when all
   * have ended, or when `signal` aborts. A peer that answers nothing is waited for as long as SIP's timers have it: 32 s for
   * a BYE, and before that as long for a CANCEL or for the ACK of an answer.
   */
  close(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    needOptions('close()', options, signalName);
    needSignal('signal', options.signal);
    if (this.#closed === undefined && this.#state === 'open') this.#closed = this.#drain();
    const closed = this.#closed ?? this.destroy();
    return Promise.race([closed, aborted(options.signal).then(() => this.destroy())]);
  }

  /** Closes the sockets now. Dialogs are not ended; whoever waits hears `SIP_CLOSED`. */
  destroy(): Promise<void> {
    if (this.#destroyed === undefined) {
      this.#state = 'closed';
      for (const waiter of this.#waiters.values()) waiter.reject(new SipError('SIP_CLOSED', 'The stack was closed.'));
      this.#waiters.clear();
      this.#forkTakers.clear();
      this.#offerAnswerers.clear();
      this.#destroyed = this.#shard?.destroy() ?? Promise.resolve();
    }
    return this.#destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #drain(): Promise<void> {
    const drained = this.#ask((id) => ({ name: 'drain', id }));
    this.#state = 'closing';
    await drained.catch(() => undefined); // destroy() came first
    // The last events are delivered one macrotask behind the result.
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    await this.destroy();
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
      else later.push(() => this.#tell(event));
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
    if (failure === undefined) {
      if (!this.#forkTakers.has(id)) this.#offerAnswerers.delete(id);
      waiter?.resolve(value);
      return;
    }
    this.#forkTakers.delete(id);
    this.#offerAnswerers.delete(id);
    waiter?.reject(errorOf(failure));
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

  #tell(event: Exclude<EngineEvent, { kind: 'result' | 'provisional' }>): void {
    const { application } = this.#options;
    switch (event.kind) {
      case 'fork':
        this.#forkTakers.get(event.id)?.(new Dialog(event.dialog, this.#asker));
        break;
      case 'forks-over':
        this.#forkTakers.delete(event.id);
        this.#offerAnswerers.delete(event.id);
        break;
      case 'offer':
        void this.#answerOffer(event);
        break;
      case 'incoming-call':
        this.#tellCall(event);
        break;
      case 'call-cancelled':
        this.#ringing.get(event.call)?.abort();
        this.#ringing.delete(event.call);
        break;
      case 'request': {
        const request = new IncomingRequest(event, new Dialog(event.dialog, this.#asker), this.#asker);
        if (application.onRequest !== undefined) application.onRequest(request);
        else request.respond(event.method === 'INFO' ? 200 : 488);
        break;
      }
      case 'route-status':
        publishRouteStatus(event);
        application.onRouteStatus?.(new Dialog(event.dialog, this.#asker), event.routeStatus);
        if (event.routeStatus.status === 'healthy') void this.#relocateMedia(event.dialog);
        break;
      case 'media-lost':
        void this.#relocateMedia(event.dialog);
        break;
      case 'refresh-registration':
        void this.#refreshRegistration(event.refresh);
        break;
      case 'session-changed':
        application.onSessionChanged?.(new Dialog(event.dialog, this.#asker), event.body);
        break;
      case 'ended':
        publishDialogEnded(event);
        application.onEnded?.(new Dialog(event.dialog, this.#asker), event.by, event.reason, event.end);
        break;
    }
  }

  /** A re-INVITE that fails leaves media where they were; the program is warned. */
  async #relocateMedia(data: DialogData): Promise<void> {
    const { application } = this.#options;
    if (application.relocateMedia === undefined) return;
    const dialog = new Dialog(data, this.#asker);
    try {
      const offer = await application.relocateMedia(dialog);
      if (offer === undefined) return;
      const { body } = await dialog.request('INVITE', offer);
      if (body.length > 0) application.onSessionChanged?.(dialog, body);
    } catch (error) {
      application.onWarning?.(`Media were not relocated: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Asks the program for it. A program that fails at it is asked again, by the schedule of heals. */
  async #refreshRegistration(refresh: number): Promise<void> {
    const { application } = this.#options;
    let contact: string | undefined;
    let refreshed = true;
    try {
      contact = (await application.refreshRegistration?.())?.contact;
      if (contact !== undefined && (parseUriText(contact) === undefined || /[\s<>]/.test(contact))) {
        throw new UsageError(`refreshRegistration(): contact '${contact}' is no SIP URI.`);
      }
    } catch (error) {
      refreshed = false;
      application.onWarning?.(`The registration was not refreshed: ${error instanceof Error ? error.message : error}`);
    }
    if (this.#state === 'closed') return;
    this.#command({ name: 'registration', refresh, refreshed, contact: refreshed ? contact : undefined });
  }

  /** Whatever the program does, the far end gets its answer: none when it throws, which is then its affair. */
  async #answerOffer({ id, offer, response }: Extract<EngineEvent, { kind: 'offer' }>): Promise<void> {
    let content: Content | undefined;
    try {
      const answer = await this.#offerAnswerers.get(id)?.(response.body, response);
      content = answer && contentOf(answer, sdpType);
    } finally {
      if (this.#state !== 'closed') this.#command({ name: 'answer-offer', offer, content });
    }
  }

  #tellCall(event: Extract<EngineEvent, { kind: 'incoming-call' }>): void {
    const ringing = new AbortController();
    this.#ringing.set(event.call, ringing);
    const done = (): void => void this.#ringing.delete(event.call);
    const asker: Asker = {
      ...this.#asker,
      answer: (call, content) => {
        done();
        return this.#asker.answer(call, content);
      },
      refuse: (call, status, content) => {
        done();
        this.#asker.refuse(call, status, content);
      },
    };
    const call = new IncomingCall(event, ringing.signal, asker);
    if (this.#options.application.onCall !== undefined) this.#options.application.onCall(call);
    else call.refuse(480);
  }
}

function errorOf(failure: CommandFailure): SipError {
  const { response, origin = 'local', cause } = failure;
  if (failure.code === 'SIP_USAGE') return new UsageError(failure.message);
  const began = cause && new FailureResponseError(cause, 'intermediary');
  if (response === undefined) return new SipError(failure.code, failure.message, began && { cause: began });
  return new FailureResponseError(response, origin, began);
}

/** A name-addr without parameters of its own, for the tag is the stack's. */
function nameAddr(from: string): string {
  if (typeof from !== 'string') throw new UsageError(`from is a URI or name-addr, not ${shown(from)}.`);
  if (!isHeaderValue(from)) throw new UsageError('from has a line break or NUL in it.');
  const [, uri] = /^(?:"(?:[^"\\]|\\.)*"|[^"<>;,\\]*)\s*<([^<>]+)>$/.exec(from) ?? [undefined, from];
  if (uri === undefined || parseUriText(uri) === undefined)
    throw new UsageError(`from: '${from}' is no URI or name-addr.`);
  return uri === from ? `<${from}>` : from;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
