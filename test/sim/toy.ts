import type { Outcome, Violation } from '../../bench/sim/outcome.ts';
import type { Game, PlayOptions } from './game.ts';
import type { Act, Fault, Plan } from './plan.ts';

/**
 * A game without a network, to test what stands around the simulator. Its one rule is broken by a hop that dies before somebody
 * hangs up; only seeds that end with 7 have such a hop. Seed 1013 throws, seed 1023 ends its process, seed 1033 comes to no end.
 */
export const toy: Game = { planOf, playPlan, placeAt };

/** The rule that some of its seeds break. */
export const toyRule = 'no-bye-after-death';

const stepMs = 10_000;

function planOf(seed: number, { minutes = 30, calls = 20 }: { minutes?: number; calls?: number } = {}): Plan {
  const acts = Array.from({ length: calls }, (_, call): Act[] => [
    { atMs: call * stepMs, place: 'near', what: 'invite', pick: 0, dice: seed },
    { atMs: (call + 1) * stepMs, place: 'near', what: call % 4 === 0 ? 'bye' : 'info', pick: 0.5, dice: call },
  ]).flat();
  const faults = Array.from(
    { length: 10 },
    (_, index): Fault =>
      index === 4 && seed % 10 === 7
        ? { atMs: index * stepMs, kind: 'hop-dies', hop: 1, forMs: 5000 }
        : { atMs: index * stepMs, kind: 'outage', forMs: 1000 },
  );
  return {
    seed,
    minutes,
    cast: {
      near: {
        kind: 'ours',
        protocol: 'udp',
        mode: 'maximum',
        passive: false,
        trust: 'hops',
        replaces: false,
        probeIntervalMs: 375,
        sessionIntervalS: 0,
        schedule: 'doubling',
        registration: 'none',
        driftPpm: 0,
      },
      far: { kind: 'model', protocol: 'udp', habits: ['forks', 'glares'], sessionIntervalS: 0 },
      hops: ['edge', 'proxy'],
    },
    weather: { delayMs: 10, jitterMs: 5, loss: 0.1, duplication: 0, reordering: 0, cutting: 0, truncation: 0 },
    acts,
    faults,
  };
}

async function playPlan(plan: Plan, { log, onDatagram }: PlayOptions = {}): Promise<Outcome> {
  const { seed, acts, faults, minutes } = plan;
  if (seed === 1013) throw new Error('thrown by the toy');
  if (seed === 1023) process.exit(3);
  while (seed === 1033) {
    // A mutant may do so.
  }
  const death = faults.find(({ kind }) => kind === 'hop-dies');
  const fatal = death === undefined ? undefined : acts.find(({ what, atMs }) => what === 'bye' && atMs > death.atMs);
  for (const { atMs, what } of acts) {
    log?.(`${atMs} ${what}`);
    onDatagram?.({
      protocol: 'udp',
      sentAtMs: atMs,
      atMs,
      from: { host: '10.0.0.1', port: 5060 },
      to: { host: '10.0.1.1', port: 5060 },
      bytes: new TextEncoder().encode(`${what.toUpperCase()} sip:toy SIP/2.0\r\nCall-ID: toy\r\nCSeq: 1 INFO\r\n\r\n`),
      fate: 'delivered',
    });
  }
  const violations: Violation[] =
    fatal === undefined ? [] : [{ rule: toyRule, atMs: fatal.atMs, what: 'somebody hung up', callId: 'toy' }];
  return {
    seed,
    violations,
    tally: {
      virtualMs: minutes * 60_000,
      messages: acts.length,
      calls: acts.filter(({ what }) => what === 'invite').length,
      faults: countsOf(faults.map(({ kind }) => kind)),
      heals: { update: 2 },
      endings: { 'local bye': 1 },
      rows: { 'toy: always': 1, 'toy: three': seed === 3 ? 1 : 0, 'toy: never': 0 },
    },
  };
}

function placeAt({ host }: { readonly host: string }): string | undefined {
  return host === '10.0.0.1' ? 'near' : host === '10.0.1.1' ? 'hop 0' : undefined;
}

function countsOf(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
