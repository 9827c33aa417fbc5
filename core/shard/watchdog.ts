/** The watch is kept so often. */
export const watchMs = 1_000;

/**
 * Whoever is silent for so many rounds of the watch is busy for ever: 30 s at least. The longest honest turn that we know, the close of a
 * million dialogs in one shard, is one of some 20 s; and what a shard had under way is lost by then, since SIP waits 32 s for an answer.
 */
export const silentRoundsMax = 30;

interface Heart {
  beats: number;
  silentRounds: number;
}

/**
 * Notices threads that turn no more, by the beats that they count. It counts rounds of its own thread, not time: whoever keeps that one from
 * its rounds, or halts the machine, silences nobody.
 */
export class Watchdog {
  readonly #hearts = new Map<number, Heart>();

  /** A round of the watch. Has this shard been silent for too long? `beats` is another number each time that it has turned meanwhile. */
  isSilent(shard: number, beats: number): boolean {
    const heart = this.#hearts.get(shard);
    if (heart === undefined || heart.beats !== beats) {
      this.#hearts.set(shard, { beats, silentRounds: 0 });
      return false;
    }
    heart.silentRounds++;
    return heart.silentRounds >= silentRoundsMax;
  }

  /** A shard is down, and not watched until it is up again. */
  forget(shard: number): void {
    this.#hearts.delete(shard);
  }
}
