/**
 * The order of heals tried on a peer: from the one that disturbs it least to the one that it cannot misread.
 *
 * 481 to an UPDATE without a body is not the peer's last word: RingCentral's SBC answers so after a TLS reconnect and heals
 * by re-INVITE.
 */
export const rungs: readonly Rung[] = [
  { method: 'UPDATE', offer: false, replaces: false },
  { method: 'UPDATE', offer: true, replaces: false },
  { method: 'INVITE', offer: true, replaces: false },
  { method: 'INVITE', offer: true, replaces: true },
];

export interface Rung {
  readonly method: 'UPDATE' | 'INVITE';
  /** Carries our last session description, unchanged. @see RFC 4028 §7.4 */
  readonly offer: boolean;
  /** Begins a new dialog in place of the old one. @see RFC 3891 */
  readonly replaces: boolean;
}

/** What limits the rungs of one dialog. */
export interface Reach {
  readonly allowsUpdate: boolean;
  readonly hasSession: boolean;
  /** Both ends have Replaces. */
  readonly allowsReplaces: boolean;
}

/** The next rung from `from` on that this peer can take, or -1. */
export function usableRung(from: number, { allowsUpdate, hasSession, allowsReplaces }: Reach): number {
  for (let rung = from; rung < rungs.length; rung++) {
    const { method, offer, replaces } = rungs[rung] as Rung;
    if ((method === 'INVITE' || allowsUpdate) && (!offer || hasSession) && (!replaces || allowsReplaces)) return rung;
  }
  return -1;
}
