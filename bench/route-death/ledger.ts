import type { Results } from './results.ts';

/**
 * What became of each dialog. Instants are the machine's, in milliseconds.
 *
 * A dialog is broken when an end said so, or when its INFO failed; healed when that end says that it works again; verified
 * when an INFO was answered 200 in each direction after that; and lost when it is not healed and verified.
 */
export class Ledger {
  /** Dialogs set up. */
  established = 0;
  /** Dialogs whose route the caller holds to be broken now. */
  recovering = 0;
  /** Dialogs that were broken and work again. */
  healed = 0;
  /** Dialogs whose INFO was answered 200, by direction. */
  informedNear = 0;
  informedFar = 0;
  /** Requests that never met the break although they should have: they prove no healing. */
  unbroken = 0;
  readonly #unseen: boolean;
  readonly #startAtMs: Float64Array;
  readonly #healedAtMs: Float64Array;
  readonly #broken: Uint8Array;
  readonly #spoilt: Uint8Array;
  readonly #near: Uint8Array;
  readonly #far: Uint8Array;
  #breakAtMs = Number.NaN;
  #detectedAtMs = Number.NaN;
  #firstMarkAtMs = Number.NaN;
  #lastHealAtMs = Number.NaN;

  /** `unseen`: the program must not hear of the break; a dialog of which it does is lost. */
  constructor(dialogs: number, options: { readonly unseen: boolean }) {
    this.#unseen = options.unseen;
    this.#startAtMs = new Float64Array(dialogs).fill(Number.NaN);
    this.#healedAtMs = new Float64Array(dialogs).fill(Number.NaN);
    this.#broken = new Uint8Array(dialogs);
    this.#spoilt = new Uint8Array(dialogs);
    this.#near = new Uint8Array(dialogs);
    this.#far = new Uint8Array(dialogs);
  }

  /** Every dialog breaks now. */
  break(atMs: number): void {
    this.#breakAtMs = atMs;
    this.#startAtMs.fill(atMs);
  }

  /** The caller says that a route is broken. */
  detected(dialog: number, atMs: number): void {
    if (Number.isNaN(this.#detectedAtMs)) this.#detectedAtMs = atMs;
    if (this.#unseen) this.#spoilt[dialog] = 1;
    this.recovering++;
    this.#mark(dialog, atMs);
  }

  /** The caller says that it works again. */
  recovered(dialog: number, atMs: number): void {
    this.recovering--;
    this.#heal(dialog, atMs);
  }

  /** The far end says that it has healed a route. It counts where the caller had not noticed the break. */
  healedByFarEnd(dialog: number, atMs: number): void {
    if (this.#broken[dialog] === 1) return;
    this.#mark(dialog, atMs);
    this.#heal(dialog, atMs);
  }

  /** A request goes out that finds the break by itself: its dialog's healing is timed from here. */
  began(dialog: number, atMs: number): void {
    this.#startAtMs[dialog] = atMs;
    this.#mark(dialog, atMs);
  }

  /** It was answered 200, as if nothing had been. */
  succeeded(dialog: number, atMs: number): void {
    this.#heal(dialog, atMs);
  }

  /** An INFO of the caller's was answered 200. */
  verifiedNear(dialog: number): void {
    if (this.#near[dialog] === 0) this.informedNear++;
    this.#near[dialog] = 1;
  }

  /** An INFO of the far end's was answered 200. */
  verifiedFar(dialog: number): void {
    if (this.#far[dialog] === 0) this.informedFar++;
    this.#far[dialog] = 1;
  }

  /** The run is over: a lost dialog counts as broken until now. Without a break nothing is broken, healed or lost. */
  close(atMs: number): Results {
    const samples: number[] = [];
    let [broken, verified, lost] = [0, 0, 0];
    for (let dialog = 0; dialog < this.established; dialog++) {
      const healedAtMs = this.#healedAtMs[dialog] as number;
      const isVerified = this.#near[dialog] === 1 && this.#far[dialog] === 1;
      const works = isVerified && !Number.isNaN(healedAtMs) && this.#spoilt[dialog] === 0;
      if (isVerified) verified++;
      if (!works) lost++;
      if (this.#broken[dialog] === 1 || !isVerified) broken++;
      samples.push((works ? healedAtMs : atMs) - (this.#startAtMs[dialog] as number));
    }
    const wasBroken = !Number.isNaN(this.#breakAtMs);
    const healMs = Float64Array.from(wasBroken ? samples : []).sort();
    return {
      established: this.established,
      broken: wasBroken ? broken - this.unbroken : 0,
      healed: this.healed - this.unbroken,
      lost: wasBroken ? lost : 0,
      verified,
      detectMs: rounded(this.#detectedAtMs - this.#breakAtMs),
      stormMs: rounded(this.#lastHealAtMs - this.#firstMarkAtMs),
      healMs: {
        p50: percentile(healMs, 0.5),
        p90: percentile(healMs, 0.9),
        p99: percentile(healMs, 0.99),
        p999: percentile(healMs, 0.999),
        max: percentile(healMs, 1),
      },
    };
  }

  #mark(dialog: number, atMs: number): void {
    if (!Number.isNaN(this.#healedAtMs[dialog] as number)) this.healed--;
    this.#healedAtMs[dialog] = Number.NaN;
    this.#broken[dialog] = 1;
    if (!(this.#firstMarkAtMs <= atMs)) this.#firstMarkAtMs = atMs;
  }

  #heal(dialog: number, atMs: number): void {
    if (Number.isNaN(this.#healedAtMs[dialog] as number)) this.healed++;
    this.#healedAtMs[dialog] = atMs;
    if (!(this.#lastHealAtMs >= atMs)) this.#lastHealAtMs = atMs;
  }
}

/** The smallest sample that so large a part of all does not exceed. */
function percentile(sorted: Float64Array, part: number): number | null {
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN);
}

/** In steps of a microsecond; null for what was not measured. */
function rounded(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : null;
}
