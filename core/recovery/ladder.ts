/**
 * The order of heals tried on a peer: from the one that disturbs it least to the one that it cannot misread.
 *
 * 481 to an UPDATE without a body is not the peer's last word: RingCentral's SBC answers so after a TLS reconnect and heals
 * by re-INVITE.
 */
export const rungs: readonly Rung[] = [
  { method: 'UPDATE', offer: false },
  { method: 'UPDATE', offer: true },
  { method: 'INVITE', offer: true },
];

export interface Rung {
  readonly method: 'UPDATE' | 'INVITE';
  /** Carries our last session description, unchanged. @see RFC 4028 §7.4 */
  readonly offer: boolean;
}

/** The next rung from `from` on that this peer can take, or -1. */
export function usableRung(from: number, allowsUpdate: boolean, hasSession: boolean): number {
  for (let rung = from; rung < rungs.length; rung++) {
    const { method, offer } = rungs[rung] as Rung;
    if ((method === 'INVITE' || allowsUpdate) && (!offer || hasSession)) return rung;
  }
  return -1;
}
