import type { DialogEnd, EndReason } from './engine/event.ts';
import type { Dialog, IncomingCall, IncomingRequest } from './handles.ts';
import type { RouteStatus } from './recovery/route-health.ts';

/**
 * What a program does about what happens to it. Each handler is called in a later macrotask than the outcome of the request
 * that caused it: a rejection is always seen before the route status event that belongs to it.
 */
export interface Application {
  /** A call comes in. Without this handler it is refused with 480. */
  onCall?(call: IncomingCall): void;
  /**
   * The peer sends a request inside a dialog: INFO, MESSAGE, or an UPDATE or re-INVITE with a new offer. Without this handler
   * INFO is answered 200, the others 488.
   */
  onRequest?(request: IncomingRequest): void;
  /** A dialog's route broke, or was healed. */
  onRouteStatus?(dialog: Dialog, routeStatus: RouteStatus): void;
  /** The peer's answer to a heal that repeated our offer is not the one of last time. */
  onSessionChanged?(dialog: Dialog, body: Uint8Array): void;
  /** A dialog is over: `by` whose end, `reason` why, `end` when; see `EndReason` and `DialogEnd`. */
  onEnded?(dialog: Dialog, by: 'local' | 'remote', reason: EndReason, end: DialogEnd): void;
  /** Something that an operator should know; nothing has failed. */
  onWarning?(message: string): void;
}
