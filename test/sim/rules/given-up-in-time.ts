import type { Rule, RuleMaker } from '../happening.ts';

/** What its BYE may take. */
const byeMs = 40_000;

interface Broken {
  readonly place: 'near' | 'far';
  readonly callId: string;
  readonly sinceMs: number;
}

/** A dialog that has been broken for as long as its end has set as the deadline is ended, by that rule or another. */
export const givenUpInTime: RuleMaker = {
  name: 'given-up-in-time',
  make({ plan, nowMs }, violate): Rule {
    const broken = new Map<string, Broken>();
    return {
      see(happening): void {
        switch (happening.kind) {
          case 'step':
            for (const [key, { place, callId, sinceMs }] of broken) {
              const end = plan.cast[place];
              const deadlineMs = end.kind === 'ours' ? end.deadlineMs : undefined;
              if (deadlineMs === undefined || nowMs() - sinceMs <= deadlineMs + byeMs) continue;
              broken.delete(key);
              violate(`${place} keeps a dialog that has been broken for ${deadlineMs / 1000} s and more`, callId);
            }
            break;
          case 'route-status': {
            const { place, dialog, callId, status } = happening;
            if (status === 'recovering') broken.set(`${place} ${dialog}`, { place, callId, sinceMs: nowMs() });
            else broken.delete(`${place} ${dialog}`);
            break;
          }
          case 'ended':
            broken.delete(`${happening.place} ${happening.dialog}`);
            break;
          case 'died':
            for (const [key, { place }] of broken) if (place === happening.place) broken.delete(key);
            break;
        }
      },
    };
  },
};
