/** How breaks are dealt with, whatever the mode: what a stack's options come down to. */
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
}

/**
 * Who can mend a break, as far as is known. `us`: a server has asked us to heal (Dialog-Route-Set-Update,
 * Registration-Route-Set-Update), or only a heal can tell whether there still is a dialog.
 */
export type Mender = 'us' | 'either';
