import type { Happening, Rule, Violate } from './happening.ts';
import type { Place } from './plan.ts';

type Step = Extract<Happening, { kind: 'step' }>;

/** What a rule keeps for one process. */
interface Watch {
  see(step: Step): void;
}

/**
 * A rule for each process by itself: `watch` makes what it needs for one at a place, or nothing. `until`: what closes when all is at rest
 * need not keep it any more.
 */
export function byProcess(
  violate: Violate,
  watch: (place: Place, tell: Violate) => Watch | undefined,
  until: 'closed' | 'at-rest' = 'closed',
): Rule {
  const watches = new Map<string, Watch | undefined>();
  let isOver = false;
  return {
    see(happening): void {
      if (happening.kind === until) isOver = true;
      if (happening.kind !== 'step' || isOver) return;
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
