import type { Rule, RuleMaker } from '../happening.ts';

/**
 * No INFO is carried out twice, and none succeeds without having been carried out, unless somebody forged its answer. A process that begins
 * anew does not know what the one before it has carried out: what is repeated to it is as new.
 */
export const executedOnce: RuleMaker = {
  name: 'executed-once',
  make({ plan }, violate): Rule {
    const times = new Map<string, number>();
    const executed = new Set<number>();
    const deaths = { near: 0, far: 0 };
    const mayBeForged = plan.faults.some((fault) => fault.kind === 'forgery' && fault.what === 'response');
    return {
      see(happening): void {
        if (happening.kind === 'executed') {
          const { info, place, callId } = happening;
          const key = `${info} ${place} ${deaths[place]}`;
          const count = (times.get(key) ?? 0) + 1;
          times.set(key, count);
          executed.add(info);
          if (count > 1) violate(`INFO ${info} is carried out ${count} times`, callId);
        } else if (happening.kind === 'died') deaths[happening.place]++;
        else if (happening.kind === 'outcome' && happening.error === undefined) {
          const { info, callId } = happening.asked;
          if (info !== undefined && !executed.has(info) && !mayBeForged)
            violate(`INFO ${info} succeeds without having arrived`, callId);
        }
      },
    };
  },
};
