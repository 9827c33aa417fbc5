import type { Rule, RuleMaker } from '../happening.ts';

/** No INFO is carried out twice, and none succeeds without having been carried out, unless somebody forged its answer. */
export const executedOnce: RuleMaker = {
  name: 'executed-once',
  make({ plan }, violate): Rule {
    const times = new Map<number, number>();
    const mayBeForged = plan.faults.some((fault) => fault.kind === 'forgery' && fault.what === 'response');
    return {
      see(happening): void {
        if (happening.kind === 'executed') {
          const count = (times.get(happening.info) ?? 0) + 1;
          times.set(happening.info, count);
          if (count > 1) violate(`INFO ${happening.info} is carried out ${count} times`, happening.callId);
        } else if (happening.kind === 'outcome' && happening.error === undefined) {
          const { info, callId } = happening.asked;
          if (info !== undefined && !times.has(info) && !mayBeForged)
            violate(`INFO ${info} succeeds without having arrived`, callId);
        }
      },
    };
  },
};
