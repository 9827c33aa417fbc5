import type { Outcome } from '../../bench/sim/outcome.ts';
import type { Datagram } from '../../transport/index.ts';
import type { Plan } from './plan.ts';

/** What plays plans: the simulator, or a toy in tests of what stands around it. */
export interface Game {
  planOf(seed: number, size?: { readonly minutes?: number; readonly calls?: number }): Plan;
  playPlan(plan: Plan, options?: PlayOptions): Promise<Outcome>;
  /** Who stands at an address: `near`, `far`, `hop 0` and so on; undefined for a stranger's. */
  placeAt(endpoint: { readonly host: string; readonly port: number }): string | undefined;
}

export interface PlayOptions {
  /** Takes what happens, line by line. */
  readonly log?: (line: string) => void;
  readonly onDatagram?: (datagram: Datagram) => void;
}
