/**
 * What was learned of a peer or a hop holds for so long, counted from when it was learned, and is then tried anew from the top: both
 * change when somebody changes their configuration, by hours and not by seconds, and trying anew costs one more round trip.
 */
export const learnedForMs = 3_600_000;

/** What is asked of a hop and has no response for so long makes it suspect. */
export const suspectAfterMs = { unreliable: 3500, reliable: 4000 } as const;
