import type { Message } from './message.ts';
import { ackOf, type Request } from './request.ts';
import { type Timer, type Timers, t1Ms, t2Ms, t4Ms, t64Ms } from './timers.ts';

/** Hears what becomes of a request. */
export interface ClientHearer {
  provisional?(response: Message): void;
  /** Once; of an INVITE once for each 2xx that arrives. */
  final(response: Message): void;
  /** Nobody answered, or it could not be sent: the same as that status (RFC 3261 §8.1.3.1). */
  failed(status: 408 | 503): void;
}

/** What a client transaction needs of the layer around it. */
export interface ClientGround {
  readonly timers: Timers;
  /** Retransmissions are the transport's own business. */
  readonly isReliable: boolean;
  /** With the transaction's Via. */
  send(request: Request): void;
  /** In a transaction of its own, with this one's branch. */
  cancel(): void;
  ended(): void;
}

type State = 'trying' | 'proceeding' | 'completed' | 'accepted' | 'ended';

/** A client transaction, INVITE's and others' (RFC 3261 §17.1, RFC 6026 §7.2). */
export class ClientTransaction {
  readonly request: Request;
  readonly #ground: ClientGround;
  readonly #hearer: ClientHearer;
  readonly #isInvite: boolean;
  #state: State = 'trying';
  /** A or E. */
  #again: Timer | undefined;
  /** B or F, then D, K or M. */
  #end: Timer | undefined;
  #isCancelled = false;

  constructor(request: Request, ground: ClientGround, hearer: ClientHearer) {
    this.request = request;
    this.#ground = ground;
    this.#hearer = hearer;
    this.#isInvite = request.method === 'INVITE';
  }

  begin(): void {
    const { timers, isReliable } = this.#ground;
    this.#end = timers.after(t64Ms, () => this.fail(408));
    if (!isReliable) this.#again = timers.doubling(t1Ms, this.#isInvite ? t64Ms : t2Ms, () => this.#send());
    this.#send();
  }

  receive(response: Message): void {
    if (response.status < 200) this.#receiveProvisional(response);
    else if (this.#state === 'trying' || this.#state === 'proceeding') this.#receiveFinal(response);
    else if (this.#state === 'accepted' && response.status < 300) this.#hearer.final(response);
    else if (this.#state === 'completed' && this.#isInvite) this.#acknowledge(response);
  }

  /** Gives an INVITE up: it ends with its final response, a 487 as a rule, or with 408 (RFC 3261 §9.1). */
  cancel(): void {
    if (this.#isCancelled || (this.#state !== 'trying' && this.#state !== 'proceeding')) return;
    this.#isCancelled = true;
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  fail(status: 408 | 503): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    this.#finish();
    this.#hearer.failed(status);
  }

  #receiveProvisional(response: Message): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    const wasTrying = this.#state === 'trying';
    this.#state = 'proceeding';
    if (this.#isInvite && wasTrying) {
      this.#again?.cancel();
      this.#end?.cancel();
      if (this.#isCancelled) this.#sendCancel();
    } else if (wasTrying && !this.#ground.isReliable) {
      this.#again?.cancel();
      this.#again = this.#ground.timers.doubling(t2Ms, t2Ms, () => this.#send());
    }
    this.#hearer.provisional?.(response);
  }

  #receiveFinal(response: Message): void {
    this.#again?.cancel();
    this.#end?.cancel();
    const isAccepted = this.#isInvite && response.status < 300;
    this.#state = isAccepted ? 'accepted' : 'completed';
    const { timers, isReliable } = this.#ground;
    const lingerMs = isAccepted ? t64Ms : isReliable ? 0 : this.#isInvite ? t64Ms : t4Ms;
    if (this.#isInvite && !isAccepted) this.#acknowledge(response);
    if (lingerMs === 0) this.#finish();
    else this.#end = timers.after(lingerMs, () => this.#finish());
    this.#hearer.final(response);
  }

  #sendCancel(): void {
    this.#ground.cancel();
    this.#end?.cancel();
    this.#end = this.#ground.timers.after(t64Ms, () => this.fail(408));
  }

  #acknowledge(response: Message): void {
    this.#ground.send(ackOf(this.request, response));
  }

  #send(): void {
    this.#ground.send(this.request);
  }

  #finish(): void {
    this.#again?.cancel();
    this.#end?.cancel();
    this.#state = 'ended';
    this.#ground.ended();
  }
}
