import type { DialogId } from '../dialog/table.ts';
import type { ListedHop } from '../recovery/hops.ts';
import type { DialogRecord } from './dialog-record.ts';

/** A header of the program's own: written as given, after the ones that we write. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** What a program adds to a message. */
export interface Content {
  readonly headers: readonly Header[];
  readonly contentType: string | undefined;
  readonly body: Uint8Array | undefined;
}

/** What the program asks of the engine. Commands with an `id` end in exactly one event `result` with it. */
export type Command =
  | {
      readonly name: 'invite';
      readonly id: number;
      /** Request-URI and To. */
      readonly target: string;
      /** From: a name-addr or addr-spec without a tag; undefined for the stack's own. */
      readonly from: string | undefined;
      readonly content: Content;
      /** Dialogs of further branches that answer are told in events `fork`, until one of `forks-over`; otherwise they are ended. */
      readonly takesForks: boolean;
      /** An offer in a response is told in an event `offer`, which a command `answer-offer` answers; otherwise it is refused. */
      readonly answersOffers: boolean;
      /** Seconds that the call is good for; undefined for as long as any call. */
      readonly expiresS: number | undefined;
    }
  | { readonly name: 'answer-offer'; readonly offer: number; readonly content: Content | undefined }
  | { readonly name: 'cancel'; readonly id: number }
  | {
      readonly name: 'ring';
      readonly call: number;
      readonly status: number;
      readonly content: Content;
      /** To be acknowledged by PRACK, where the caller can. @see RFC 3262 */
      readonly reliable: boolean;
    }
  | { readonly name: 'answer'; readonly id: number; readonly call: number; readonly content: Content }
  | { readonly name: 'refuse'; readonly call: number; readonly status: number; readonly content: Content }
  | {
      readonly name: 'request';
      readonly id: number;
      readonly dialog: DialogId;
      readonly method: string;
      readonly content: Content;
      /** A failure that may be a hop's is put to the peer by a heal before it is told. */
      readonly confirm: boolean;
    }
  | { readonly name: 'abandon'; readonly id: number }
  | { readonly name: 'respond'; readonly request: number; readonly status: number; readonly content: Content }
  | { readonly name: 'bye'; readonly id: number; readonly dialog: DialogId }
  | { readonly name: 'heal'; readonly id: number; readonly dialog: DialogId }
  | { readonly name: 'heal-all' }
  /** Puts a dialog into a group, whose others are healed when it was. */
  | { readonly name: 'relate'; readonly dialog: DialogId; readonly group: string }
  /** Whether the session has media. */
  | { readonly name: 'media'; readonly dialog: DialogId; readonly alive: boolean }
  /** How a refresh of the program's registration ended; `contact` is the URI that we are reached by from now on. */
  | {
      readonly name: 'registration';
      readonly refresh: number;
      readonly refreshed: boolean;
      readonly contact: string | undefined;
    }
  | { readonly name: 'route-status'; readonly id: number; readonly dialog: DialogId }
  /** Whether the dialog of a record is here. */
  | { readonly name: 'find'; readonly id: number; readonly record: DialogRecord }
  /** `record` is sound. */
  | { readonly name: 'adopt'; readonly id: number; readonly record: DialogRecord }
  /** `release`: the dialog is ours no longer; nothing is sent. */
  | { readonly name: 'export'; readonly id: number; readonly dialog: DialogId; readonly release: boolean }
  | { readonly name: 'counts'; readonly id: number }
  | { readonly name: 'counters'; readonly id: number }
  | { readonly name: 'memory'; readonly id: number }
  | { readonly name: 'hops'; readonly hops: readonly ListedHop[] }
  /** Takes no more calls and ends every dialog; the result comes when nothing is left. */
  | { readonly name: 'drain'; readonly id: number };
