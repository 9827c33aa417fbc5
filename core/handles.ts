import { type NamesOf, needFlag, needGroup, needOptions, needSignal, shown } from './checks.ts';
import type { DialogId } from './dialog/table.ts';
import type { Content, Header } from './engine/command.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type { CallData, DialogData, RequestData, ResponseData, ResponseOrigin } from './engine/event.ts';
import { SipError, UsageError } from './errors.ts';
import { isTargetRefresh } from './message/target-refresh.ts';
import { contentNames, contentOf, type MessageContent, sdpType } from './message-content.ts';
import type { RouteStatus } from './recovery/route-health.ts';
import type { Ringing } from './ringing.ts';

/** A request inside a dialog. */
export interface RequestOptions extends MessageContent {
  /** Gives up waiting; the promise rejects with `SIP_ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * Puts a failure that may be a hop's (a 430 that says wait, 404, 408, 481, 503 …, or silence) to the peer before it is told: by one
   * heal, whose refusal by the peer is then the error, with the first failure as its `cause`. The request is not sent again.
   */
  readonly confirmWithRemote?: boolean;
}

/** A final response of failure, or what stands for one. `cause` is the response that began it, where a heal brought this one. */
export class FailureResponseError extends SipError {
  override readonly name = 'FailureResponseError';
  readonly response: ResponseData;
  /** Who made it, as well as can be told. */
  readonly origin: ResponseOrigin;

  constructor(response: ResponseData, origin: ResponseOrigin, cause?: FailureResponseError) {
    super('SIP_FAILURE_RESPONSE', `${response.status} ${response.reason}`, cause && { cause });
    this.response = response;
    this.origin = origin;
  }
}

/** What the handles ask of the stack that made them. */
export interface Asker {
  request(
    dialog: DialogId,
    request: { readonly method: string; readonly content: Content; readonly confirm: boolean },
    signal: AbortSignal | undefined,
  ): Promise<ResponseData>;
  bye(dialog: DialogId, signal: AbortSignal | undefined): Promise<void>;
  routeStatus(dialog: DialogId): Promise<RouteStatus>;
  heal(dialog: DialogId, signal: AbortSignal | undefined): Promise<RouteStatus>;
  relate(dialog: DialogId, group: string): void;
  reportMedia(dialog: DialogId, alive: boolean): void;
  export(dialog: DialogId, release: boolean): Promise<DialogRecord>;
  ring(call: number, status: number, content: Content, reliable: boolean): void;
  answer(call: number, content: Content): Promise<Dialog>;
  refuse(call: number, status: number, content: Content): void;
  respond(request: number, status: number, content: Content): void;
}

/**
 * A dialog, as a handle: made anew for each event, equal by `id`, cheap to keep and to drop.
 *
 * @see RFC 3261 §12
 */
export class Dialog {
  readonly id: DialogId;
  readonly callId: string;
  readonly #asker: Asker;

  constructor(data: DialogData, asker: Asker) {
    this.id = data.id;
    this.callId = data.callId;
    this.#asker = asker;
  }

  /**
   * Sends a request inside the dialog: INFO, MESSAGE, OPTIONS, UPDATE, a re-INVITE, or any extension method.
   *
   * Resolves with the 2xx. Rejects with a `FailureResponseError` for any other final response; with one that the stack made
   * (408, 503) where none came; with `SIP_DIALOG_ENDED` when the dialog is over. A route that was found broken heals on its own.
   *
   * While a route is being healed, and in mode `limited` for as long as it is broken, requests wait for it in their order: `SIP_QUEUE_FULL` when
   * too many do, `SIP_RECOVERY_FAILED` when the break is given up and the request has not been sent.
   */
  request(method: string, options: RequestOptions = {}): Promise<ResponseData> {
    if (typeof method !== 'string' || !/^[A-Za-z0-9.!%*_+`'~-]+$/.test(method))
      throw new UsageError(`${shown(method)} is no method (RFC 3261 §25.1).`);
    needOptions('request()', options, requestNames);
    needSignal('signal', options.signal);
    if (reservedMethods.has(method))
      throw new UsageError(`${method} is not sent by request(): ${reservedMethods.get(method)}.`);
    const defaultType = isTargetRefresh(method) ? sdpType : undefined;
    const { signal, confirmWithRemote = false } = options;
    needFlag('confirmWithRemote', confirmWithRemote);
    const content = contentOf(options, defaultType);
    return this.#asker.request(this.id, { method, content, confirm: confirmWithRemote }, signal);
  }

  /**
   * Ends the dialog. Our side is over within 32 s whatever the peer does: a BYE that has not reached it by then is delivered when there
   * is a way again, without the program's doing. `signal` gives up waiting, not the BYE; the promise then rejects with `SIP_ABORTED`.
   *
   * @see RFC 3261 §15
   */
  bye(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    needOptions('bye()', options, signalName);
    needSignal('signal', options.signal);
    return this.#asker.bye(this.id, options.signal);
  }

  /** What is known of the dialog's route at this moment. */
  routeStatus(): Promise<RouteStatus> {
    return this.#asker.routeStatus(this.id);
  }

  /**
   * Heals the route now, whatever is known of it, and begins the schedule of heals anew: for a program that knows that its
   * network has changed, or that does not want to wait for the next attempt.
   *
   * Resolves when the route is healthy, by whose heal so ever. Rejects with what this attempt ended with (a `FailureResponseError`; a broken
   * route heals on by itself, unless `recovery.passive`), with `SIP_DIALOG_ENDED`, or with `SIP_ABORTED` when `signal` aborts. While no
   * hop is alive there is no attempt, and it waits.
   */
  async heal(options: { readonly signal?: AbortSignal } = {}): Promise<RouteStatus> {
    needOptions('heal()', options, signalName);
    needSignal('signal', options.signal);
    return this.#asker.heal(this.id, options.signal);
  }

  /**
   * Puts the dialog into a group of those that take the same way, such as the dialogs of one conference: when the route of one was mended, the
   * others are healed within a second. A dialog is in one group at a time. With shards a group is one of each shard's: the dialogs of other
   * shards are not healed on its account, but as their own routes are found broken.
   *
   * @see [MS-SIPRE] §3.7.5.3.4
   */
  relate(group: string): void {
    needGroup('relate()', group);
    this.#asker.relate(this.id, group);
  }

  /**
   * Tells whether media flow, as far as the program sees. A session whose media are `dead` while its route is broken is ended after
   * `recovery.mediaTimeoutMs`; one whose route works is given to `relocateMedia`. Until the first report media count as `alive`.
   */
  reportMedia(media: 'alive' | 'dead'): void {
    if (media !== 'alive' && media !== 'dead')
      throw new UsageError(`Media are 'alive' or 'dead', not ${shown(media)}.`);
    this.#asker.reportMedia(this.id, media === 'alive');
  }

  /**
   * The dialog as plain data, for `Stack.adopt` of this stack or another one. It stays ours, unless told otherwise.
   *
   * With `release` it is ours no longer: nothing is sent, nothing heals or refreshes it from here, requests that wait for
   * an answer reject with `SIP_DIALOG_ENDED`, and `onEnded` does not come, since the dialog lives on. So it has one owner at a
   * time: release it, then adopt it. A peer that still writes to us within a quarter of an hour is asked to try again. While an INVITE or an offer is
   * under way the release is refused with a 491; ask again when that is answered.
   */
  async export(options: { readonly release?: boolean } = {}): Promise<DialogRecord> {
    needOptions('export()', options, releaseName);
    const { release = false } = options;
    needFlag('release', release);
    return this.#asker.export(this.id, release);
  }
}

/** A provisional response of ours. */
export interface RingOptions extends MessageContent {
  /**
   * Sends it reliably where the caller can take that (`supportsReliable`): again and again until the caller has acknowledged it by
   * PRACK, one at a time, in order. An answer or offer in its body then counts; in any other provisional response it is a
   * preview. A caller may require it: each is then reliable. Without a PRACK within 32 s the call is refused with 504.
   *
   * @see RFC 3262 §3, §5
   */
  readonly reliable?: boolean;
}

/** A call that comes in. Answer or refuse it; until then the caller waits. */
export class IncomingCall {
  readonly requestUri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** The caller takes provisional responses that it has to acknowledge. @see RFC 3262 §3 */
  readonly supportsReliable: boolean;
  readonly #call: number;
  readonly #ringing: Ringing;
  readonly #asker: Asker;
  readonly #decided: (call: number) => void;

  /** `decided` hears when the program has answered or refused. */
  constructor(data: CallData, ringing: Ringing, asker: Asker, decided: (call: number) => void) {
    this.requestUri = data.requestUri;
    this.from = data.from;
    this.to = data.to;
    this.callId = data.callId;
    this.headers = data.headers;
    this.body = data.body;
    this.supportsReliable = data.supportsReliable;
    this.#call = data.call;
    this.#ringing = ringing;
    this.#asker = asker;
    this.#decided = decided;
  }

  /**
   * Aborts when the call is over before it was decided: the caller gave up, or it expired. Undecided it is refused with 480 after 30
   * minutes, or with 487 when its Expires says so.
   */
  get signal(): AbortSignal {
    return this.#ringing.signal;
  }

  /**
   * Sends a provisional response: 180 unless told otherwise. It makes an early dialog, in which the caller may send requests, and is
   * repeated every minute while the call is undecided.
   */
  ring(status = 180, content: RingOptions = {}): void {
    if (!(Number.isInteger(status) && status > 100 && status < 200))
      throw new UsageError(`${shown(status)} is not provisional: 101 to 199.`);
    needOptions('ring()', content, ringNames);
    const { reliable = false } = content;
    needFlag('reliable', reliable);
    this.#asker.ring(this.#call, status, contentOf(content, sdpType), reliable);
  }

  /**
   * Answers with 200; resolves with the dialog when the ACK has come.
   *
   * Rejects with `SIP_ABORTED` when the caller had given up, with a 408 when no ACK came (the dialog is then ended by BYE), with
   * `SIP_OVERLOADED` when there is no room. Who does not wait for it need not catch that: `signal` and `onEnded` tell it as well.
   */
  answer(content: MessageContent = {}): Promise<Dialog> {
    needOptions('answer()', content, contentNames);
    const body = contentOf(content, sdpType);
    this.#decided(this.#call);
    const answered = this.#asker.answer(this.#call, body);
    answered.catch(() => undefined);
    return answered;
  }

  /** Refuses with a final response, 300 to 699. */
  refuse(status: number, content: MessageContent = {}): void {
    if (!(Number.isInteger(status) && status >= 300 && status < 700))
      throw new UsageError(`${shown(status)} does not refuse: 300 to 699.`);
    needOptions('refuse()', content, contentNames);
    const body = contentOf(content);
    this.#decided(this.#call);
    this.#asker.refuse(this.#call, status, body);
  }
}

/** A request of the peer's inside a dialog. Respond to it once. */
export class IncomingRequest {
  readonly dialog: Dialog;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly #request: number;
  readonly #asker: Asker;

  constructor(data: RequestData, dialog: Dialog, asker: Asker) {
    this.dialog = dialog;
    this.method = data.method;
    this.headers = data.headers;
    this.body = data.body;
    this.#request = data.request;
    this.#asker = asker;
  }

  /**
   * Sends the final response, 200 to 699. With a body for a new offer it is the answer. A re-INVITE that has none after 3 minutes is
   * refused with 487.
   */
  respond(status: number, content: MessageContent = {}): void {
    if (!(Number.isInteger(status) && status >= 200 && status < 700))
      throw new UsageError(`${shown(status)} is not final: 200 to 699.`);
    needOptions('respond()', content, contentNames);
    const defaultType = isTargetRefresh(this.method) || this.method === 'PRACK' ? sdpType : undefined;
    this.#asker.respond(this.#request, status, contentOf(content, defaultType));
  }
}

const ringNames: NamesOf<RingOptions> = { ...contentNames, reliable: true };
const requestNames: NamesOf<RequestOptions> = { ...contentNames, signal: true, confirmWithRemote: true };
const signalName = { signal: true } as const;
const releaseName = { release: true } as const;

const reservedMethods: ReadonlyMap<string, string> = new Map([
  ['BYE', 'use bye()'],
  ['ACK', 'the stack sends it'],
  ['PRACK', 'the stack sends it'],
  ['CANCEL', 'abort the signal given to invite()'],
]);
