import type { Address, Hash, RandomSource } from '../contract.ts';
import type { Credentials } from '../dialog/keyring.ts';
import type { RecoveryMode } from '../recovery/classify.ts';
import type { ListedHop } from '../recovery/hops.ts';
import type { RecoveryWishes } from '../recovery/policy.ts';
import type { RouteSetPolicy } from '../recovery/route-set-policy.ts';
import type { ChallengeOptions } from './challenger.ts';
import type { TrustRule } from './trust.ts';

/** What an engine is set up with. */
export interface EngineOptions {
  /** Number of the shard, 0–31. */
  readonly shard: number;
  /** How often the shard was begun before: ids of dialogs of an earlier life mean nothing in this one. Default 0. */
  readonly life?: number | undefined;
  /** Where we are reached; one for each protocol. */
  readonly locals: readonly Address[];
  readonly hops: readonly ListedHop[];
  readonly mode: RecoveryMode;
  readonly policy: RouteSetPolicy;
  readonly recovery: RecoveryWishes;
  /** Base values; the defaults of RFC 3261. */
  readonly timers: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number };
  /** Seconds; 0 for none. */
  readonly sessionIntervalS: number;
  readonly dialogCapacity: number;
  readonly transactionCapacity: number;
  /** So many engines of a process, this one among them, share the window of heals that each hop has. Left out: 1. */
  readonly windowShare?: number;
  /** Whether the program takes calls; without that they are refused at once. */
  readonly takesCalls: boolean;
  /** Whether the program hears what is refused. */
  readonly reportsRefusals: boolean;
  readonly trust: TrustRule;
  /** Whom those are to prove to be that may rewrite routes without being trusted; undefined: they are not asked. */
  readonly challenge: ChallengeOptions | undefined;
  /** For whoever challenges us. */
  readonly credentials: readonly Credentials[];
  readonly hash: Hash;
  /** Makes a Call-ID of ours of a random token, where the shard is to find what belongs to it by that. Default: the token. */
  readonly callIdOf?: ((token: string) => string) | undefined;
  /** Whether a dialog of the Call-ID in `bytes` [start, end) would be this engine's, of several behind one address. Default: it would. */
  readonly ownsCallId?: ((bytes: Uint8Array, start: number, end: number) => boolean) | undefined;
  readonly random: RandomSource;
  readonly nowMs: number;
  /** Milliseconds from 1970 to where `nowMs` counts from; undefined where nobody knows the date. */
  readonly epochMs: number | undefined;
}
