/**
 * A call that nobody answers or refuses is over after so many seconds, ours or a peer's, unless its Expires says less: SIP itself
 * has no end for one whose callee keeps ringing. Longer than any queue that a caller waits in without being answered.
 *
 * @see RFC 3261 §13.2.1, §13.3.1
 */
export const ringLimitS = 1800;
