import type { DialogId } from '../../../core/dialog/table.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';

/** With a request under way something is due sooner than that, unless the clock jumps. */
const jumpMs = 5_000;

/** A request that finds a break is rejected before the program hears of the break (UCMA 4.0, figure 2a). */
export const rejectionFirst: RuleMaker = {
  name: 'rejection-first',
  make(_world, violate): Rule {
    /** Each request under way, by place, life and id of its command. */
    const requests = new Map<string, { readonly dialog: DialogId; readonly method: string }>();
    /** Dialogs of which a request was given up: it may find a break that nobody is left to be told of. */
    const abandoned = new Set<string>();
    /** When each dialog was told to be broken, at the surface. */
    const told = new Map<string, number>();
    /** The methods that were rejected in the step of each dialog's last break: another request, of which the rejection comes later, has not found it. */
    const foundBy = new Map<string, ReadonlySet<string>>();
    const rejectedAtMs = new Map<string, number>();
    const lastStepMs = new Map<string, number>();
    const givenUp = new Set<string>();

    function step({ place, life, inputs, outputs, nowMs }: Extract<Happening, { kind: 'step' }>): void {
      const end = `${place} ${life}`;
      const isLate = nowMs - (lastStepMs.get(end) ?? nowMs) > jumpMs;
      const isJump = isLate && [...requests.keys()].some((key) => key.startsWith(`${end} `));
      lastStepMs.set(end, nowMs);
      for (const input of inputs) {
        if (input.kind !== 'command') continue;
        const { command } = input;
        if (command.name === 'request') requests.set(`${place} ${life} ${command.id}`, command);
        else if (command.name === 'abandon') {
          const dialog = requests.get(`${place} ${life} ${command.id}`)?.dialog;
          if (dialog !== undefined) abandoned.add(`${place} ${life} ${dialog}`);
        }
      }
      const broken = new Set<DialogId>();
      /** Several requests may fail in one step: one that was rejected before is what found the break. */
      const rejected = new Set<DialogId>();
      const failed = new Map<DialogId, Set<string>>();
      for (const output of outputs) {
        if (output.kind !== 'event') continue;
        const { event } = output;
        if (event.kind === 'route-status' && event.routeStatus.status === 'recovering') broken.add(event.dialog.id);
        if (event.kind !== 'result') continue;
        const key = `${place} ${life} ${event.id}`;
        const request = requests.get(key);
        requests.delete(key);
        if (event.failure === undefined || request === undefined) continue;
        const { dialog, method } = request;
        failed.set(dialog, (failed.get(dialog) ?? new Set()).add(method));
        // What else is overdue then, a session say, may have found the same break.
        if (!broken.has(dialog) || isJump) rejected.add(dialog);
        else if (!rejected.has(dialog) && !abandoned.has(`${place} ${life} ${dialog}`))
          violate(`request ${key} is rejected in the step that had told of the break before`);
      }
      for (const dialog of broken) foundBy.set(`${place} ${dialog}`, failed.get(dialog) ?? new Set());
    }

    return {
      see(happening): void {
        if (happening.kind === 'step') step(happening);
        else if (happening.kind === 'route-status') {
          // A hop's death is found by no request: those that went by another hop may fail for its own reasons.
          const isFound = happening.cause === 'response' || happening.cause === 'timeout';
          if (happening.status === 'recovering' && isFound)
            told.set(`${happening.place} ${happening.dialog}`, happening.atMs);
        } else if (happening.kind === 'outcome') {
          const { place, asked, error, atMs } = happening;
          const key = `${place} ${asked.dialog}`;
          const toldAtMs = told.get(key);
          if (error === undefined || asked.atMs >= atMs) return;
          if (error === 'SIP_ABORTED') givenUp.add(key);
          if (toldAtMs !== atMs) rejectedAtMs.set(key, atMs);
          else if (foundBy.get(key)?.has(asked.method) && rejectedAtMs.get(key) !== atMs && !givenUp.has(key))
            violate(`${place} hears of the break before ${asked.method} ${asked.number} is rejected`, asked.callId);
        }
      },
    };
  },
};
