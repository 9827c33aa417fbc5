import type { Command } from '../../../core/engine/command.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Place } from '../plan.ts';

/** The longest that a request of a program may wait in calm: two tries and a heal of 32 s each. */
const patienceMs = 100_000;

/**
 * Each command that asks for something ends in exactly one result, and each wish of a program in exactly one outcome, in calm
 * weather within bounds.
 */
export const oneOutcome: RuleMaker = {
  name: 'one-outcome',
  make({ nowMs }, violate): Rule {
    /** Commands without a result, by place, life and id. */
    const open = new Map<string, string>();
    const settled = new Set<string>();
    const asked = new Map<
      number,
      { readonly place: Place; readonly what: string; readonly callId: string; readonly atMs: number }
    >();
    let calmAtMs = Number.POSITIVE_INFINITY;

    function step({ place, life, inputs, outputs }: Extract<Happening, { kind: 'step' }>): void {
      for (const input of inputs) {
        if (input.kind === 'command' && wantsResult(input.command))
          open.set(`${place} ${life} ${input.command.id}`, input.command.name);
      }
      for (const output of outputs) {
        if (output.kind !== 'event' || output.event.kind !== 'result') continue;
        const key = `${place} ${life} ${output.event.id}`;
        if (open.delete(key)) settled.add(key);
        else violate(settled.has(key) ? `command ${key} has a second result` : `nobody asked for result ${key}`);
      }
    }

    return {
      see(happening): void {
        switch (happening.kind) {
          case 'step':
            step(happening);
            break;
          case 'outcome': {
            const { number } = happening.asked;
            if (settled.has(`asked ${number}`)) violate(`wish ${number} has a second outcome`, happening.asked.callId);
            settled.add(`asked ${number}`);
            asked.delete(number);
            break;
          }
          case 'asked':
            asked.set(happening.asked.number, {
              place: happening.place,
              what: `${happening.place} ${happening.asked.method}`,
              callId: happening.asked.callId,
              atMs: nowMs(),
            });
            break;
          case 'died':
            for (const key of open.keys()) if (key.startsWith(`${happening.place} `)) open.delete(key);
            for (const [number, { place }] of asked) if (place === happening.place) asked.delete(number);
            break;
          case 'calm':
            calmAtMs = nowMs();
            break;
          case 'verified':
            for (const [number, { what, callId, atMs }] of asked) {
              if (nowMs() - Math.max(atMs, calmAtMs) > patienceMs)
                violate(`${what} (${number}) of ${Math.round(atMs)} ms has no outcome yet`, callId);
            }
            break;
          case 'closed':
            for (const [key, name] of open) violate(`command ${name} ${key} never had a result`);
            for (const [number, { what, callId }] of asked) violate(`${what} (${number}) never had an outcome`, callId);
            break;
        }
      },
    };
  },
};

function wantsResult(command: Command): command is Extract<Command, { readonly id: number }> {
  return 'id' in command && command.name !== 'cancel' && command.name !== 'abandon';
}
