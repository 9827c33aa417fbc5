import type { FlowId } from '../../../core/contract.ts';
import { paramOf, paramsOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { Modelled } from './dialog.ts';

/** A request of the program's inside a dialog, until it has its result. */
export interface Wish {
  readonly id: number;
  readonly dialog: Modelled;
  readonly method: string;
  readonly body: string;
  readonly confirm: boolean;
  /**
   * `new` was never sent; `sent` is under way; `waits` was refused by a 430 and waits for the heal; `again` may be sent once more;
   * `confirming` waits for what the peer says to a heal.
   */
  state: 'new' | 'sent' | 'waits' | 'again' | 'confirming';
  /** By heals. */
  resends: number;
  /** When it may be tried again, where that has a time. */
  againFromMs: number;
  /** By challenges, glare and intervals that were too short. */
  tries: number;
  cseq: number;
  sentAtMs: number;
  refusedAtMs: number;
  /** By the program; or what was sent for it may have been a heal, so that nothing can be said of its result. */
  isGivenUp: boolean;
}

/** A request of ours: what it was for. */
export interface Sent {
  readonly kind: 'call' | 'wish' | 'heal' | 'refresh' | 'own' | 'loose';
  readonly message: Message;
  readonly flow: FlowId;
  readonly hop: string | undefined;
  readonly atMs: number;
  readonly dialog: Modelled | undefined;
  readonly wish: Wish | undefined;
  readonly generation: number;
  /** Sent before the call was answered. */
  readonly isEarly: boolean;
  /** What it was for can be a guess: a heal may look the same. */
  readonly mayBeHeal: boolean;
  isDone: boolean;
}

/** A request of the peer's. */
export interface Received {
  readonly message: Message;
  /** By which it came last. */
  flow: FlowId;
  readonly atMs: number;
  /** Of the route that its dialog had when it came. */
  readonly generation: number;
  /** Its final answer has been sent: what follows is a repetition. */
  isAnswered: boolean;
}

export function branchOf(message: Message): string {
  return paramOf(paramsOf(message.topVia), 'branch') ?? '';
}

export function serverKey(message: Message): string {
  return `${message.method} ${message.cseq} ${branchOf(message)}`;
}

export function textOf(body: Uint8Array | undefined): string {
  return body === undefined ? '' : Buffer.from(body).toString('latin1');
}
