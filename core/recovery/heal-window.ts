/** No window is cut below: a hop that is in trouble for one dialog may be the way for three others. */
export const smallestWindow = 4;

/** A window grows by this share of its ceiling with each window of heals that come through: sixteen bring back any. */
const growthShare = 1 / 16;

/**
 * How many heals are under way by one hop, and how many may be: a congestion window.
 *
 * It begins wide open, at the ceiling that its hop's transport sets: for what is larger no socket buffer has room, and for what is
 * smaller there is no reason before the hop has given one. Each sign that the hop has more to do than it can halves it, each heal that
 * comes through lets it grow (additive increase, multiplicative decrease: RFC 5681 §3.1 for heals instead of segments). It is halved
 * once a window: what was under way as it was halved was sent to the same hop in the same state, and is not held against it again.
 */
export class HealWindow {
  /** Heals that wait for an answer which may still come in time. */
  #underWay = 0;
  /** Those that have waited for too long: they take no room from others. */
  #late = 0;
  /** Places of heals that the hop has refused: they are free when they have cooled. */
  #cooling = 0;
  #size = Number.POSITIVE_INFINITY;
  /** So many heals end that began before the last cut. */
  #spared = 0;

  /** Places that are taken. */
  get taken(): number {
    return this.#underWay + this.#cooling;
  }

  /** Heals that have not ended, and places that cool: whoever counts any needs the hop. */
  get held(): number {
    return this.taken + this.#late;
  }

  /** Places in all, under this ceiling. */
  size(ceiling: number): number {
    return Math.min(this.#size, ceiling);
  }

  begin(): void {
    this.#underWay++;
  }

  /** A heal that was not late ended; `healed` lets the window grow, `refused` cuts it and leaves the place to cool. */
  end(how: 'healed' | 'refused' | 'other', ceiling: number): void {
    this.#underWay--;
    if (how === 'refused') this.#cooling++;
    if (this.#spared > 0) this.#spared--;
    else if (how === 'healed') this.#grow(ceiling);
    else if (how === 'refused') this.#cut(ceiling);
  }

  /** A heal has waited for too long: it leaves the window; where it was left without any word, that cuts it. */
  becomeLate(unheard: boolean, ceiling: number): void {
    this.#underWay--;
    this.#late++;
    if (this.#spared > 0) this.#spared--;
    else if (unheard) this.#cut(ceiling);
  }

  /** A late heal has ended. */
  endLate(): void {
    this.#late--;
  }

  /** All places that cooled are free. */
  cool(): void {
    this.#cooling = 0;
  }

  #grow(ceiling: number): void {
    if (this.#size < ceiling) this.#size += (ceiling * growthShare) / this.#size;
  }

  #cut(ceiling: number): void {
    // Where shards share a hop each may cut its part of the window to its part of the smallest.
    const least = Math.max(1, Math.min(smallestWindow, Math.floor(ceiling * growthShare)));
    this.#size = Math.max(least, this.size(ceiling) / 2);
    this.#spared = this.#underWay;
  }
}
