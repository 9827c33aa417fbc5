import type { Plan } from './plan.ts';

/** The longest delay between two heals, and two attempts that each take all of 32 s. */
const healedWithinMs = 60_000 + 2 * 32_000;
/** A hop is dead after three silent probes and a little, and is back with the next. */
const probesUntilKnown = 5;
/** A refresh of a registration that hangs is given up after so long. */
const registrationMs = 64_000;

/** How long after the last fault everything is well again, as the schedules have it; virtual milliseconds. */
export function patienceOf({ minutes, cast, faults }: Plan): number {
  const ends = [cast.near, cast.far].flatMap((end) => (end.kind === 'ours' ? [end] : []));
  const probeMs = Math.max(0, ...ends.map(({ probeIntervalMs }) => probeIntervalMs));
  const hangs = ends.some(({ registration }) => registration === 'hanging');
  const sessionMs = Math.max(0, ...ends.map((end) => (end.schedule === 'ms-sipre' ? end.sessionIntervalS * 1500 : 0)));
  const retryMs = Math.max(
    0,
    ...faults.map((fault) => {
      if (fault.kind !== 'hop-answers' || fault.retryAfterS === undefined) return 0;
      return fault.atMs + fault.forMs + fault.retryAfterS * 1000 - minutes * 60_000;
    }),
  );
  return healedWithinMs + probesUntilKnown * probeMs + (hangs ? registrationMs : 0) + sessionMs + retryMs + 8000;
}
