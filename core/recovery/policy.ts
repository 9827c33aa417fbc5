import type { RecoveryMode } from './classify.ts';
import { doubling, type Schedule } from './schedule.ts';

/** How breaks are dealt with: what the modes and options of a stack come down to. */
export interface RecoveryPolicy {
  /**
   * A break is left to the far end to mend, as UCMA 2.0 did: only where a server says that we alone can mend it, or the program
   * asks for it, do we heal.
   */
  readonly passive: boolean;
  /** Requests of any dialog without a route set may go straight to its remote target. */
  readonly allowDirect: boolean;
  /** Value of the Route header of whatever goes around a broken route; '' for none. */
  readonly healingRoute: string;
  /** A hop that carries dialogs is asked so often whether it lives. */
  readonly probeIntervalMs: number;
  /** When a heal that failed is tried again. */
  readonly schedule: Schedule;
  /** Requests are held while the route is broken, and go in their order when it is mended; else each is attempted. */
  readonly holdsRequests: boolean;
  /** A break is given up, and its session ended, after so many failed heals. */
  readonly attemptsMax: number;
  /** And when it has lasted so long. */
  readonly breakLimitMs: number;
  /** A session without media, as the program reports them, is ended when its route has been broken for so long. */
  readonly mediaTimeoutMs: number;
  /** The program refreshes its registration where a server asks for that; else heals are all that there is. */
  readonly refreshesRegistration: boolean;
  /** Dialogs that cannot be healed are replaced, and may be by peers. @see RFC 3891 */
  readonly replaces: boolean;
}

/** LimitedRetry: "a few minutes" in UCMA's words. The schedule takes its sixth attempt after 62 s at most. */
const limited = { attemptsMax: 6, breakLimitMs: 180_000 } as const;

/** The death of a silent hop is known within 1.5 s. */
const usualProbeIntervalMs = 375;

/** UCMA ends a call whose media path has been unresponsive for longer. */
const mediaLimitMs = 900_000;

/** What a program wants of recovery, beside its mode. Plain data; see `StackOptions.recovery`. */
export interface RecoveryWishes {
  readonly passive?: boolean | undefined;
  readonly probeIntervalMs?: number | undefined;
  readonly schedule?: 'doubling' | 'ms-sipre' | undefined;
  readonly waitCapMs?: number | undefined;
  readonly deadlineMs?: number | undefined;
  readonly mediaTimeoutMs?: number | undefined;
  readonly refreshesRegistration?: boolean | undefined;
  readonly allowDirect?: boolean | undefined;
  readonly healingRoute?: string | undefined;
  readonly replaces?: boolean | undefined;
}

/** The policy of a mode, with what the program wants otherwise. */
export function recoveryPolicy(mode: RecoveryMode, wishes: RecoveryWishes): RecoveryPolicy {
  const { passive = false, refreshesRegistration = false, allowDirect = false, healingRoute = '' } = wishes;
  const { deadlineMs = Number.POSITIVE_INFINITY, mediaTimeoutMs = mediaLimitMs } = wishes;
  const isLimited = mode === 'limited';
  return {
    passive,
    allowDirect,
    healingRoute,
    probeIntervalMs: wishes.probeIntervalMs ?? usualProbeIntervalMs,
    replaces: wishes.replaces ?? false,
    schedule: {
      ...doubling,
      waitCapS: (wishes.waitCapMs ?? 0) / 1000,
      waitsForSession: wishes.schedule === 'ms-sipre',
    },
    holdsRequests: isLimited,
    attemptsMax: isLimited ? limited.attemptsMax : Number.POSITIVE_INFINITY,
    breakLimitMs: isLimited ? Math.min(limited.breakLimitMs, deadlineMs) : deadlineMs,
    mediaTimeoutMs,
    refreshesRegistration,
  };
}
