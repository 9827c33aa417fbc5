import type { LivingDialog, Rule, RuleMaker } from '../happening.ts';
import { hostPortOf } from '../host-port.ts';
import type { Fault, Place, Plan } from '../plan.ts';

const places = ['near', 'far'] as const;

/**
 * When the network has been good for long enough, each dialog that both ends have is healthy, its ends' routes lead to each other, an
 * INFO gets through both ways, and nothing lives on one side alone.
 */
export const wellAgain: RuleMaker = {
  name: 'well-again',
  make({ plan, addresses, dialogs }, violate): Rule {
    const status = new Map<string, 'healthy' | 'recovering'>();
    let isHealed = false;
    const mayFail: Record<Place, boolean> = { near: !heals(plan, 'near'), far: !heals(plan, 'far') };

    function pairs(): (readonly [LivingDialog, LivingDialog])[] {
      const far = new Map(dialogs('far').map((dialog) => [dialog.name, dialog]));
      return dialogs('near').flatMap((near) => {
        const its = far.get(near.name);
        return its === undefined ? [] : [[near, its] as const];
      });
    }

    /** A strict endpoint whose route is forgotten, where ours has none that could break, and so never heals: its 2xx brought no Record-Route. */
    function isBeyondHelp(place: Place, [near, far]: readonly [LivingDialog, LivingDialog]): boolean {
      const end = plan.cast[place];
      const other = place === 'near' ? far : near;
      return (
        end.kind === 'model' &&
        end.habits.includes('drops-record-route') &&
        other.route?.routeSet.length === 0 &&
        forgets(plan)
      );
    }

    function see(): void {
      for (const pair of pairs()) {
        for (const [index, place] of places.entries()) {
          const dialog = pair[index as 0 | 1];
          if (status.get(`${place} ${dialog.dialog}`) === 'recovering')
            violate(`${place} ${dialog.name} still recovers`, dialog.callId);
        }
      }
    }

    function compare(near: LivingDialog, far: LivingDialog): void {
      for (const [place, one, other] of [
        ['near', near.route, far.route],
        ['far', far.route, near.route],
      ] as const) {
        if (one === undefined || other === undefined) continue;
        if (hostPortOf(one.remoteTarget) !== hostPortOf(other.localContact))
          violate(`${place} writes to ${one.remoteTarget}, its peer is at ${other.localContact}`, near.callId);
        for (const uri of one.routeSet) {
          if (!addresses.hops.includes(hostPortOf(uri)))
            violate(`${place} ${near.name} has a route by ${uri}, which is no hop`, near.callId);
        }
      }
    }

    function seeGhosts(): void {
      for (const place of places) {
        const other = new Set(dialogs(place === 'near' ? 'far' : 'near').map(({ name }) => name));
        if (plan.cast[place].kind === 'model' || mayFail[place]) continue;
        for (const { name, callId } of dialogs(place))
          if (!other.has(name)) violate(`${name} lives at ${place} alone`, callId);
      }
    }

    return {
      see(happening): void {
        switch (happening.kind) {
          case 'route-status':
            status.set(`${happening.place} ${happening.dialog}`, happening.status);
            break;
          case 'died':
            for (const key of status.keys()) if (key.startsWith(`${happening.place} `)) status.delete(key);
            break;
          case 'healed-by-now':
            isHealed = true;
            see();
            break;
          case 'outcome': {
            const { asked, place, error, status: code } = happening;
            if (!isHealed || error === undefined || asked.info === undefined || mayFail[place]) break;
            const pair = pairs().find((ends) =>
              ends.some(({ dialog, callId }) => dialog === asked.dialog && callId === asked.callId),
            );
            if (pair !== undefined && !isBeyondHelp(place, pair))
              violate(
                `an INFO of ${place} fails (${error} ${code ?? ''}) in a dialog that both ends have`,
                asked.callId,
              );
            break;
          }
          case 'verified':
            for (const [near, far] of pairs()) compare(near, far);
            seeGhosts();
            break;
          case 'at-rest':
            isHealed = false;
            break;
        }
      },
    };
  },
};

/**
 * Does this end find out that its route is broken, and is it mended? A strict endpoint never heals: it takes what heals of ours bring, where
 * we heal, it knows the option tag, and every hop of theirs writes a Record-Route into them. Else it keeps what an edge has forgotten.
 */
function heals({ cast, faults }: Pick<Plan, 'cast' | 'faults'>, place: Place): boolean {
  const end = cast[place];
  if (end.kind === 'ours') return end.mode !== 'none';
  const other = cast[place === 'near' ? 'far' : 'near'];
  const isToldOfRoutes =
    other.kind === 'ours' &&
    other.mode !== 'none' &&
    !end.habits.includes('no-option-tag') &&
    cast.hops.every((hop) => hop === 'edge');
  return isToldOfRoutes || !forgets({ faults });
}

function forgets({ faults }: Pick<Plan, 'faults'>): boolean {
  return faults.some(({ kind }) => forgetting.has(kind));
}

/** After these an edge does not know what it has signed before, or whom its flows lead to. */
const forgetting: ReadonlySet<Fault['kind']> = new Set([
  'edge-forgets',
  'edge-loses-flow',
  'edge-loses-registration',
  'hop-dies',
  'outage',
  'both-break',
  'reset',
  'reset-mid-message',
]);
