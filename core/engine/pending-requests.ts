import type { DialogIndex } from '../dialog/table.ts';
import type { Mender } from '../recovery/classify.ts';
import type { Wheel } from '../time/wheel.ts';
import type { Content } from './command.ts';
import type { ResponseData, ResponseOrigin } from './event.ts';
import type { Reporter } from './reporter.ts';

const none: readonly PendingRequest[] = [];

/** A request of the program's inside a dialog, until it has its one outcome. */
export interface PendingRequest {
  readonly id: number;
  readonly dialog: DialogIndex;
  readonly method: string;
  readonly content: Content;
  /** A failure that may be a hop's is put to the peer by a heal before it is told. */
  readonly confirms: boolean;
  resends: number;
  /** How often it was tried once more, and the response that it was refused with last. */
  tries: number;
  refusal: { readonly response: ResponseData; readonly origin: ResponseOrigin } | undefined;
  /** Where it is: with a transaction, with its hop that opens, waiting for a heal, or to be tried once more. */
  place: 'sent' | 'opening' | 'waiting' | 'second-try';
  /** Transaction id; meaningful while it is `sent`. */
  txId: number;
  sentAtMs: number;
  /** Route generation that it was sent under. */
  generation: number;
  /** It was sent before the call was answered. */
  isEarly: boolean;
  /** CSeq number that it was sent with last. */
  sequence: number;
  /** It went to another hop once, since the one that it was for could not take it. */
  failedOver: boolean;
  /** The sender has had its outcome, or has gone, but the INVITE or UPDATE has to be brought to its end. */
  abandoned: boolean;
  timer: number;
  /** The first 430, once there was one, and until when its heal and the sending again may take. */
  flowFailed: ResponseData | undefined;
  quickUntilMs: number;
  /** The failure that the peer is being asked to confirm. */
  doubted: DoubtedFailure | undefined;
}

/** A failure of which it is not known who made it. */
export interface DoubtedFailure {
  readonly response: ResponseData;
  readonly origin: ResponseOrigin;
  readonly mender: Mender;
}

/** Who is told the outcome of a request. */
export type Told = Pick<Reporter, 'done' | 'fail' | 'failWithResponse' | 'failLocally' | 'failWithCode'>;

/** Whether a request carries an offer, or asks for one: of these there may be one at a time. @see RFC 3261 §14.1, RFC 3311 §5.1 */
export function isOffer({ method, content }: Pick<PendingRequest, 'method' | 'content'>): boolean {
  return method === 'INVITE' || (method === 'UPDATE' && content.body !== undefined);
}

/** Requests that have no outcome yet, by their id and by their dialog, in the order they were asked for. */
export class PendingRequests {
  readonly #wheel: Wheel;
  readonly #reporter: Reporter;
  readonly #byId = new Map<number, PendingRequest>();
  readonly #byDialog = new Map<DialogIndex, PendingRequest[]>();

  constructor(wheel: Wheel, reporter: Reporter) {
    this.#wheel = wheel;
    this.#reporter = reporter;
  }

  get count(): number {
    return this.#byId.size;
  }

  get(id: number): PendingRequest | undefined {
    return this.#byId.get(id);
  }

  /** Requests of a dialog. */
  of(dialog: DialogIndex): readonly PendingRequest[] {
    return this.#byDialog.get(dialog) ?? none;
  }

  /** Requests of a dialog that wait for its heal: a copy, which stays when they are sent or deleted. */
  waiting(dialog: DialogIndex): readonly PendingRequest[] {
    const all = this.of(dialog);
    return all === none ? none : all.filter((request) => request.place === 'waiting');
  }

  add(id: number, dialog: DialogIndex, method: string, content: Content, confirms: boolean): PendingRequest {
    const request: PendingRequest = {
      id,
      dialog,
      method,
      content,
      confirms,
      resends: 0,
      tries: 0,
      refusal: undefined,
      place: 'waiting',
      txId: 0,
      sentAtMs: 0,
      generation: 0,
      isEarly: false,
      sequence: 0,
      failedOver: false,
      abandoned: false,
      timer: 0,
      flowFailed: undefined,
      quickUntilMs: 0,
      doubted: undefined,
    };
    this.#byId.set(id, request);
    const others = this.#byDialog.get(dialog);
    if (others === undefined) this.#byDialog.set(dialog, [request]);
    else others.push(request);
    return request;
  }

  /** Takes a request off the lists, for its one outcome, which is told to whom is returned: to nobody, when it was abandoned. */
  settle(request: PendingRequest): Told {
    this.stop(request);
    if (this.#byId.get(request.id) !== request) return mute; // it has had it
    this.#byId.delete(request.id);
    const others = this.#byDialog.get(request.dialog);
    if (others?.length === 1) this.#byDialog.delete(request.dialog);
    else others?.splice(others.indexOf(request), 1);
    return request.abandoned ? mute : this.#reporter;
  }

  /** Nothing happens to it by time alone. */
  stop(request: PendingRequest): void {
    this.#wheel.disarm(request.timer);
    request.timer = 0;
  }
}

const mute: Told = { done() {}, fail() {}, failWithResponse() {}, failLocally() {}, failWithCode() {} };
