import { hostPortOf } from '../host-port.ts';
import type { Modelled } from './dialog.ts';
import { type Ledger, slackMs, unheardOf } from './ledger.ts';

/* Whether hops live, as far as can be seen from their messages; and which one a dialog goes by. */

export function isSilent(ledger: Ledger, name: string): boolean {
  const askedMs = ledger.hops.get(name)?.askedMs;
  // Who misses one probe is asked twice more, at short intervals.
  const patienceMs = 2 * Math.min(ledger.end.probeIntervalMs, 375) + 250;
  return askedMs !== undefined && ledger.nowMs - askedMs >= patienceMs - slackMs;
}

/** Whoever is written to: listed hops, and those that only some dialog's route names. */
export function hopAt(ledger: Ledger, remote: string): string | undefined {
  if (remote === '') return undefined;
  if (!ledger.hops.has(remote)) ledger.hops.set(remote, unheardOf());
  return remote;
}

export function isListed(ledger: Ledger, remote: string): boolean {
  return ledger.world.hops.includes(remote);
}

export function hopOf(ledger: Ledger, dialog: Modelled): string | undefined {
  const [first = ''] = dialog.routes;
  const protocol = /;transport=tcp/i.test(first) ? 'tcp' : 'udp';
  // What we do not speak leads to the hop that last worked.
  return first !== '' && protocol === ledger.end.protocol ? hopAt(ledger, hostPortOf(first)) : dialog.hop;
}
