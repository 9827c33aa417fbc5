import type { Plan } from './plan.ts';

/** A plan for people to read: who takes part, the weather, then what is done and what breaks, in order. */
export function planLines({ seed, minutes, cast, weather, acts, faults }: Plan): string[] {
  const events = [
    ...faults.map(({ atMs, kind, ...rest }) => ({ atMs, text: `${kind} ${pairs(rest)}` })),
    ...acts.map(({ atMs, place, what, pick, dice }) => ({ atMs, text: `${place} ${what}, ${pairs({ pick, dice })}` })),
  ].sort((one, other) => one.atMs - other.atMs);
  return [
    `seed ${seed}, ${minutes} minutes; ${acts.length} acts, ${faults.length} faults`,
    `near    ${pairs(cast.near)}`,
    `far     ${pairs(cast.far)}`,
    `hops    ${cast.hops.join(', ')}`,
    `weather ${pairs(weather)}`,
    ...events.map(({ atMs, text }) => `${(atMs / 1000).toFixed(3).padStart(10)} s  ${text}`.trimEnd()),
  ];
}

function pairs(data: object): string {
  return Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (key === 'kind' ? String(value) : `${key} ${shown(value)}`))
    .join(', ');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join('+');
  if (typeof value === 'object' && value !== null) return `(${pairs(value)})`;
  return String(value);
}
