import type { TransportKind } from '../route-death/network.ts';
import { Dice } from './dice.ts';
import type { Scenario } from './scenario.ts';

/**
 * What happens to an edge. `dead-hop`: SIGKILL, and a new one in its place. `silent-hop`: SIGSTOP, and SIGCONT. `lost-state`: it forgets
 * all, and an INFO on each dialog finds that out. `flow-lost`: its connections are reset. `partition`: it and the far end do not hear each other.
 */
export type BreakKind = 'dead-hop' | 'silent-hop' | 'lost-state' | 'flow-lost' | 'partition';

const kinds: Readonly<Record<TransportKind, readonly [BreakKind, ...BreakKind[]]>> = {
  udp: ['dead-hop', 'silent-hop', 'lost-state', 'partition'],
  tcp: ['dead-hop', 'silent-hop', 'lost-state', 'flow-lost'],
};

/** A break to come. */
export interface PlannedBreak {
  /** Not before; one that takes longer delays the next. */
  readonly atMs: number;
  readonly kind: BreakKind;
  /** The edge to break, where it carries enough; else the other one. */
  readonly edge: 0 | 1;
}

/** A break whose time is as soon as the one before it is over. */
export type NextBreak = Pick<PlannedBreak, 'kind' | 'edge'>;

/** A round of ageing: each kind, at each edge. */
export function ageingRound(transport: TransportKind): NextBreak[] {
  return kinds[transport].flatMap((kind): NextBreak[] => [
    { kind, edge: 0 },
    { kind, edge: 1 },
  ]);
}

/** The breaks of a run, one in each of as many parts of equal length. Kinds come round in shuffled order, so that none is left out. */
export function planOf({ minutes, breaks, transport, seed }: Scenario): PlannedBreak[] {
  const dice = new Dice(seed);
  const partMs = (minutes * 60_000) / breaks;
  let bag: BreakKind[] = [];
  return Array.from({ length: breaks }, (_, part) => {
    if (bag.length === 0) bag = [...kinds[transport]];
    const [kind] = bag.splice(Math.floor(dice.next() * bag.length), 1) as [BreakKind];
    return { atMs: (part + 0.1 + 0.2 * dice.next()) * partMs, kind, edge: dice.oneOf<0 | 1>([0, 1]) };
  });
}
