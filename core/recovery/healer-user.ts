import type { DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { BreakCause } from './classify.ts';

/** Hears what becomes of dialogs' routes. */
export interface HealerUser {
  /** `healthy` became `recovering`, or the reverse. */
  statusChanged(dialog: DialogIndex): void;
  /** The route works again; requests that waited for it can go. */
  healed(dialog: DialogIndex, by: 'local' | 'remote', wasBroken: boolean): void;
  /** A heal has failed; `response` is what it ended with, if it was a response. `quick`: requests wait for it. */
  healFailed(dialog: DialogIndex, cause: BreakCause, response: Message | undefined, quick: boolean): void;
  /** A heal that began under an older route than the dialog has now came to nothing, and nobody else needs another: whoever has asked for one may. */
  healOvertaken(dialog: DialogIndex): void;
  /** The route is found to be broken while requests wait for a heal that nobody was told of: they fail before the program is. */
  brokeMeanwhile(dialog: DialogIndex): void;
  /** The break has lasted as long, or has been tried as often, as the policy allows; or there have been no media for too long. */
  givenUp(dialog: DialogIndex, reason: 'recovery-failed' | 'media-timeout'): void;
  /** The owner of the endpoint's registration is to refresh it. */
  refreshRegistration(refresh: number): void;
  /** The verdict of the last rung: there is no such dialog any more. */
  gone(dialog: DialogIndex, status: number): void;
  /** The answer to our unchanged offer is another than the last. */
  sessionChanged(dialog: DialogIndex, response: Message): void;
}
