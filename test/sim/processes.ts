import type { Happening, Rule, Violate } from './happening.ts';
import type { Place } from './plan.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** What a rule keeps for one process. */
interface Watch {
  see(step: Step): void;
}

/** A rule for each process by itself: `watch` makes what it needs for one at a place, or nothing. */
export function byProcess(violate: Violate, watch: (place: Place, tell: Violate) => Watch | undefined): Rule {
  const watches = new Map<string, Watch | undefined>();
  return {
    see(happening): void {
      if (happening.kind !== 'step') return;
      const { place, life } = happening;
      const key = `${place} ${life}`;
      if (!watches.has(key))
        watches.set(
          key,
          watch(place, (what, callId) => violate(`${place} ${what}`, callId)),
        );
      watches.get(key)?.see(happening);
    },
  };
}
