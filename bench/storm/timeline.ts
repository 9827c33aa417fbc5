/** A storm over time: how many dialogs are broken, and how many healed, at the end of each step. */
export interface Timeline {
  readonly stepMs: number;
  readonly broken: readonly number[];
  readonly healed: readonly number[];
}

const stepMinMs = 10;
const stepsMax = 4000;

/** From the instants of each dialog, NaN where it has none; steps are of 10 ms, longer where there would be too many to draw. */
export function timelineOf(markedAtMs: Float64Array, healedAtMs: Float64Array, startAtMs: number): Timeline {
  const endAtMs = Math.max(startAtMs, last(markedAtMs), last(healedAtMs));
  const stepMs = Math.max(stepMinMs, Math.ceil((endAtMs - startAtMs) / stepsMax));
  const steps = Math.floor((endAtMs - startAtMs) / stepMs) + 1;
  const marks = counted(markedAtMs, startAtMs, stepMs, steps);
  const heals = counted(healedAtMs, startAtMs, stepMs, steps);
  const broken: number[] = [];
  const healed: number[] = [];
  let [marked, whole] = [0, 0];
  for (let step = 0; step < steps; step++) {
    marked += marks[step] as number;
    whole += heals[step] as number;
    broken.push(marked - whole);
    healed.push(whole);
  }
  return { stepMs, broken, healed };
}

function counted(atMs: Float64Array, startAtMs: number, stepMs: number, steps: number): Uint32Array {
  const counts = new Uint32Array(steps);
  for (const instantMs of atMs) {
    if (Number.isNaN(instantMs)) continue;
    const step = Math.max(0, Math.floor((instantMs - startAtMs) / stepMs));
    counts[step] = (counts[step] as number) + 1;
  }
  return counts;
}

function last(atMs: Float64Array): number {
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const instantMs of atMs) if (instantMs > latestMs) latestMs = instantMs;
  return latestMs;
}
