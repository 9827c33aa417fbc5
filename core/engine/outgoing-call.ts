import type { Authorizations } from '../dialog/authorizations.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { Hop } from '../recovery/hop.ts';
import type { TimerId } from '../time/wheel.ts';
import type { Content } from './command.ts';

/** A call of ours, from its first INVITE until no branch can be answered any more. */
export interface OutgoingCall {
  readonly id: number;
  readonly target: string;
  readonly from: string;
  readonly content: Content;
  readonly callId: string;
  readonly localTag: string;
  /** The program takes the dialogs of further branches that answer. */
  readonly takesForks: boolean;
  /** The program answers offers of the far end. */
  readonly answersOffers: boolean;
  /** Seconds that it is good for, as it says in Expires. */
  readonly expiresS: number | undefined;
  /** Hops that it was tried by. */
  readonly tried: Hop[];
  /** What it proves with who makes it, once it is asked. */
  readonly authorization: Authorizations | undefined;
  /** CSeq number of its INVITE. */
  sequence: number;
  txId: number;
  /** The far end has said something to this INVITE, by whichever hop it went. */
  hasRung: boolean;
  /** Why a CANCEL goes out, or waits for the first response. */
  givenUp: 'no' | 'by-program' | 'expired';
  /** How often a session interval was refused as too small, and the least that is not. Seconds. @see RFC 4028 §7.3 */
  intervalRefusals: number;
  minSeS: number;
  /** Until it is answered, when it expires; then, until when other branches are awaited. */
  timer: TimerId;
  /** Early dialogs that have not ended. */
  readonly early: DialogIndex[];
  /** Tags of early dialogs that have: their 2xx is not wanted any more. */
  readonly endedTags: string[];
}
