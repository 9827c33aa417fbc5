import type { Rule, RuleMaker } from '../happening.ts';
import type { Place } from '../plan.ts';
import { EndModel } from '../recovery/end-model.ts';

/** The engine does what a second, plain model of recovery says that it must do, and nothing that the model does not know a cause for. */
export const recoveryModel: RuleMaker = {
  name: 'recovery-model',
  make({ plan, addresses, take }, violate): Rule {
    const models: Partial<Record<Place, { readonly life: number; readonly model: EndModel }>> = {};

    function modelOf(place: Place, life: number): EndModel | undefined {
      const known = models[place];
      if (known?.life === life) return known.model;
      const end = plan.cast[place];
      if (end.kind === 'model') return undefined;
      const complain = (what: string, callId?: string): void => violate(`${place} ${what}`, callId);
      // What stands behind a hop is on nobody's list.
      const hops = addresses.hops.slice(0, plan.cast.hops.length);
      const model = new EndModel({ end, hops, take, violate: complain });
      models[place] = { life, model };
      return model;
    }

    return {
      see(happening): void {
        if (happening.kind === 'step') modelOf(happening.place, happening.life)?.see(happening);
      },
    };
  },
};
