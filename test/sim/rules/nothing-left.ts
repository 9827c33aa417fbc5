import type { Rule, RuleMaker } from '../happening.ts';

/** When all is over nothing is left: no transaction, timer, record, wish or wake. */
export const nothingLeft: RuleMaker = {
  name: 'nothing-left',
  make({ spoiled }, violate): Rule {
    return {
      see(happening): void {
        if (happening.kind === 'at-rest') {
          // The BYE of a dialog that was drawn to a stranger is owed to somebody who never answers.
          if (spoiled.size > 0) return;
          for (const [place, counts] of Object.entries(happening.left)) {
            for (const [what, count] of Object.entries(counts)) {
              if (what !== 'healedRequests' && count !== 0) violate(`${place} still holds ${count} ${what}`);
            }
          }
        } else if (happening.kind === 'closed' && happening.pending > 0)
          violate(`${happening.pending} timers are left`);
      },
    };
  },
};
