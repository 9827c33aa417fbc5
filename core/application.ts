import type { DialogEnd, EndReason } from './engine/event.ts';
import type { RefusalReport } from './engine/refusals.ts';
import type { Dialog, IncomingCall, IncomingRequest } from './handles.ts';
import type { MessageContent } from './message-content.ts';
import type { RouteStatus } from './recovery/route-health.ts';

/**
 * What a program does about what happens to it. Each handler is called in a later macrotask than the outcome of the request
 * that caused it: a rejection is always seen before the route status event that belongs to it.
 */
export interface Application {
  /** A call comes in. Without this handler it is refused with 480. */
  onCall?(call: IncomingCall): void;
  /**
   * The peer sends a request inside a dialog: INFO, MESSAGE, or an UPDATE, re-INVITE or PRACK with a new offer. Without this handler
   * INFO is answered 200, the others 488.
   */
  onRequest?(request: IncomingRequest): void;
  /** A dialog's route broke, or was healed. */
  onRouteStatus?(dialog: Dialog, routeStatus: RouteStatus): void;
  /**
   * The peer's session description is not the one of last time: in the answer to a heal that repeated our offer, or in an ACK or
   * PRACK that answers an offer of ours (to a call that came without one).
   */
  onSessionChanged?(dialog: Dialog, body: Uint8Array): void;
  /**
   * A dialog is over: `by` whose end, `reason` why, `end` when; see `EndReason` and `DialogEnd`. Also told of dialogs that the program
   * never had: of an answer to a call that was given up meanwhile, and of further branches that answer where there is no `onFork`.
   */
  onEnded?(dialog: Dialog, by: 'local' | 'remote', reason: EndReason, end: DialogEnd): void;
  /**
   * A server says that our registration is lost (Registration-Route-Set-Update): the program refreshes it, once for all dialogs. When the
   * promise resolves every dialog is healed; when it rejects, or after 64 s, it is asked again by the schedule of heals, which wait for it. `contact` is
   * the URI that dialogs are reached by from now on, where the registrar has given another. Without this handler dialogs are healed at once.
   *
   * A registrar that had lost the binding answers a refresh with `register-action="added"` or `"fixed"`. [MS-SIPREG] §3.1.1.5.1 has that taken as a
   * failure that ends all dialogs; here it is what a success looks like.
   */
  refreshRegistration?(): Promise<{ readonly contact?: string } | undefined>;
  /**
   * The place to move media after a break: called when a dialog is healthy again, and when `reportMedia('dead')` is said of a healthy one. What it
   * gives goes out as a re-INVITE, such as a new offer in `body`; the answer comes to `onSessionChanged`. Undefined leaves media as they are.
   */
  relocateMedia?(dialog: Dialog): MessageContent | undefined | Promise<MessageContent | undefined>;
  /**
   * Something of a peer's was refused, dropped, or its connection closed: who it was and why. The first of each counter and host is told at once,
   * what follows at most every 10 s, and 64 hosts at a time; the rest are added up by counter. Whatever comes, there are no more than some 20 of these
   * a second.
   */
  onRefused?(report: RefusalReport): void;
  /** Something that an operator should know; nothing has failed. */
  onWarning?(message: string): void;
}
