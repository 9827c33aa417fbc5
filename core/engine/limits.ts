/**
 * So many BYEs may be owed to peers at once, or as many as there may be dialogs, if that is less: their rows are kept. With more, the
 * oldest is given up; its far end hears 481 as soon as it asks.
 */
export const owedByesMax = 65_536;

/**
 * A BYE is owed for so long: an hour, twice the usual session interval (RFC 4028 §4). A peer that lives has then ended the session by
 * its own timer, or asked by a heal and heard 481.
 */
export const owedByeForMs = 3_600_000;

/** So many owed BYEs are under way at a time: a quarter of one hop's window for heals, which they must not hold up. */
export const owedByesUnderWayMax = 16;

/** An owed BYE is tried at least so often while a hop is up: the far end may be gone for good, and most peers end by themselves. */
export const owedByeWaitMaxMs = 900_000;

/** A heal for the sake of a BYE may take so long, as one for any other request; then the BYE goes without it. */
export const byeHealLimitMs = 4000;

/** So many dialogs that were handed over are remembered, the last ones: what a program hands over at once when it leaves. */
export const releasedMax = 131_072;

/**
 * For so long: their new owner's heals may find no way while an outage lasts, and a peer that hears 481 meanwhile would end the call.
 * Where the new owner has ended it and cannot say so, its peer waits as long for the truth.
 */
export const releasedForMs = 900_000;

/** What is refused is reported so often: an operator sees an attack begin at once, and its size soon. */
export const refusalIntervalMs = 10_000;

/** So many pairs of counter and host are reported one by one at a time, so that forged sources cannot make reports a flood of their own. */
export const refusalSourcesMax = 64;

/** Octets of requests that wait for the program: 40,000 INVITEs of the usual size. */
export const heldOctetsMax: number = 64 * 1024 * 1024;

/** Of that, and of the server transactions, calls that are not answered yet may take so much: the rest is for requests in dialogs. */
export const callsShare = 0.75;

/**
 * A program may take so long to answer a re-INVITE: as long as proxies let one ring (Timer C, RFC 3261 §16.6). While it is pending no
 * heal with an offer can be sent, and its peer's CANCEL may have met a broken route.
 */
export const heldInviteForMs = 180_000;
