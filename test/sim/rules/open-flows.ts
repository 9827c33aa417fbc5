import type { FlowId } from '../../../core/contract.ts';
import type { Rule, RuleMaker } from '../happening.ts';
import type { Place } from '../plan.ts';

/** Nothing is sent on a flow that was lost, closed, or never there; and nobody is woken in the past. */
export const openFlows: RuleMaker = {
  name: 'open-flows',
  make(_world, violate): Rule {
    const flows: Record<Place, Set<FlowId>> = { near: new Set(), far: new Set() };
    return {
      see(happening): void {
        if (happening.kind === 'died') flows[happening.place].clear();
        if (happening.kind !== 'step') return;
        const { place, inputs, outputs, wakeAtMs, nowMs } = happening;
        const open = flows[place];
        const lost: FlowId[] = [];
        for (const input of inputs) {
          // A message may be answered in this step before its flow is lost in it.
          if (input.kind === 'flow-open') open.add(input.flow);
          else if (input.kind === 'flow-lost') lost.push(input.flow);
        }
        for (const output of outputs) {
          if (output.kind === 'send' && !open.has(output.flow))
            violate(`${place} sends on flow ${output.flow}, which is gone`);
          else if (output.kind === 'close') open.delete(output.flow);
        }
        for (const flow of lost) open.delete(flow);
        if (wakeAtMs !== undefined && !(wakeAtMs >= nowMs))
          violate(`${place} wants to be woken at ${wakeAtMs}, it is ${nowMs}`);
      },
    };
  },
};
