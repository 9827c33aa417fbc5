import type { Tally } from '../../bench/sim/outcome.ts';
import type { EngineEvent } from '../../core/engine/event.ts';
import type { Happening } from './happening.ts';
import { parse } from './models/message.ts';
import { allRows } from './rows.ts';

type Counts = Record<string, number>;

/** Counts what happens. */
export class Tallier {
  messages = 0;
  calls = 0;
  readonly faults: Counts = {};
  readonly heals: Counts = {};
  readonly endings: Counts = {};
  /** Those that are never taken as well. */
  readonly rows: Counts = Object.fromEntries(allRows.map((row) => [row, 0]));

  see(happening: Happening): void {
    switch (happening.kind) {
      case 'fault':
        if (!happening.over) count(this.faults, happening.fault.kind);
        break;
      case 'asked':
        if (happening.asked.method === 'INVITE' && happening.asked.dialog === undefined) this.calls++;
        break;
      case 'ended':
        count(this.endings, `${happening.by} ${happening.reason}`);
        break;
      case 'step':
        for (const output of happening.outputs)
          if (output.kind === 'event' && output.event.kind === 'route-status')
            this.#countHeal(output.event, happening.inputs);
        break;
    }
  }

  take(row: string): void {
    if (!(row in this.rows)) throw new Error(`no table has a row '${row}'`);
    count(this.rows, row);
  }

  total(virtualMs: number): Tally {
    const { messages, calls, faults, heals, endings, rows } = this;
    return { virtualMs, messages, calls, faults, heals, endings, rows };
  }

  #countHeal(
    { routeStatus, dialog }: Extract<EngineEvent, { kind: 'route-status' }>,
    inputs: Extract<Happening, { kind: 'step' }>['inputs'],
  ): void {
    if (routeStatus.status !== 'healthy') return;
    if (routeStatus.healedBy === 'remote') count(this.heals, 'by the far end');
    else if (routeStatus.replaced) count(this.heals, 'INVITE with Replaces');
    else count(this.heals, rungOf(dialog.callId, inputs));
  }
}

/** What the 2xx answers that has just come. */
function rungOf(callId: string, inputs: Extract<Happening, { kind: 'step' }>['inputs']): string {
  for (const input of inputs) {
    if (input.kind !== 'message' || input.bytes[0] !== 0x53) continue;
    const response = parse(input.bytes);
    if (response?.callId !== callId || response.status < 200 || response.status > 299) continue;
    if (response.method === 'INVITE') return 're-INVITE';
    if (response.method === 'UPDATE') return response.body === '' ? 'UPDATE' : 'UPDATE with an offer';
  }
  return 'otherwise';
}

function count(counts: Counts, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
