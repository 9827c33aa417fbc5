import type { FlowId } from '../../../core/contract.ts';
import type { DialogId } from '../../../core/dialog/table.ts';
import type { Rung } from './answers.ts';

/** What the model knows of one dialog of ours. Instants are of the engine's clock. */
export interface Modelled {
  id: DialogId | undefined;
  callId: string;
  localTag: string;
  remoteTag: string;
  /** No 2xx yet: what breaks is its INVITE's affair. */
  isEarly: boolean;
  /** The program has answered, though the 2xx may have no way yet. */
  isAnswered: boolean;
  readonly isOurs: boolean;
  status: 'healthy' | 'recovering';
  brokeAtMs: number;
  /** Counts the routes that it has had. */
  generation: number;
  target: string;
  /** Answers to requests of ours with smaller numbers than this are older than it. */
  movedBefore: number;
  /** CSeq of the youngest refresh of the peer's that was accepted. */
  refreshedBy: number;
  routes: readonly string[];
  /** The hop that last healed it, or by which it came to be: where requests go that have no Route. */
  hop: string | undefined;
  /** Our last session description. */
  offer: string;
  /** What the program has answered a re-INVITE or an UPDATE with, were it that the 2xx had no way. */
  unseenOffer: string | undefined;
  /** The peer lists UPDATE in Allow; undefined where it has not said. */
  allowsUpdate: boolean | undefined;
  isResilient: boolean;
  takesReplaces: boolean;
  /** Session-Expires in seconds, and whether we refresh; undefined without a timer. */
  timer: { intervalS: number; isOurs: boolean; sinceMs: number } | undefined;
  /** The 2xx that agrees on one has had no way yet. */
  isTimerUnseen: boolean;
  /** The heal under way, one at a time. */
  heal: Heal | undefined;
  /** Heals that have failed since the break, or since the schedule may have begun anew, and when the next one may come. */
  attempts: number;
  nextFromMs: number;
  /** All that were sent since the break, but for the steps of one walk. */
  attemptsInAll: number;
  /** The one that follows a refusal comes by then, if nothing happens meanwhile; infinite where the schedule does not say. */
  nextByMs: number;
  /** Where the walk stands: what the next heal must be, if the last one was moved on. */
  move: { readonly rung: Rung | undefined; readonly hop: string; readonly isRouted: boolean } | undefined;
  /** Reasons for which a healthy dialog may be healed, until then. */
  mayHealUntilMs: number;
  /** Heals of it need not follow the schedule until then. */
  anyTimeUntilMs: number;
  /** CSeq of our last heal: what older ones bring is no longer asked for. */
  lastHeal: number;
  /** Why it may not be healed by us: passive, and nobody has asked. */
  isLeft: boolean;
  /** A heal that a request wants to know of leaves the rest to the far end again. */
  isLeftAfterHeal: boolean;
  byeAtMs: number | undefined;
  /** The peer has ended it; it may be told when the INVITE that was to replace it has failed, too. */
  hasBye: boolean;
  mediaDeadAtMs: number | undefined;
  group: string | undefined;
  /** An INVITE of the peer's, answered by a 2xx that it has not acknowledged. */
  unacked: { readonly cseq: number; readonly sinceMs: number; readonly isOfCall: boolean } | undefined;
  /** How often the 2xx of our last INVITE has come: its ACK does not get through. */
  repetitions: number;
  /** The heal that is to bring it through has not begun. */
  missesAck: boolean;
  /** A heal is to put right what has refused a refresh: for so long nobody is told. */
  refreshRefusedAtMs: number | undefined;
  /** A refresh that was refused may be tried again from then on. */
  refreshFromMs: number;
  /** The route that it has, if a heal was still waited for that may have been given up, or an older one came last. */
  alternative: Alternative | undefined;
  /** What the model has said of it once is not said again: all that follows may follow from that. */
  isDoubtful: boolean;
}

export interface Heal {
  readonly cseq: number;
  readonly rung: Rung;
  readonly isRouted: boolean;
  readonly routes: readonly string[];
  readonly hop: string;
  readonly flow: FlowId;
  readonly atMs: number;
  readonly generation: number;
  /** Its hop was silent for so long that it may have been given up. */
  isDoubtful: boolean;
}

export interface Alternative {
  readonly routes: readonly string[];
  readonly target: string;
  readonly hop: string | undefined;
  /** When a heal has brought it, if it did. */
  readonly healedAtMs: number | undefined;
}
