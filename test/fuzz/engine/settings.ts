import type { Hash, RandomSource } from '../../../core/contract.ts';
import type { EngineOptions } from '../../../core/engine/options.ts';
import { seeded } from '../../engine/world.ts';
import { startMs } from '../world/ground.ts';
import type { Operation } from '../world/operations.ts';
import { ownHost, type Party } from './parties.ts';

/** SIP's timers, five times as fast as usual: an input has so much more time. */
const t1Ms = 100;
export const t1x64Ms: number = 64 * t1Ms;

/** What the engine asks for proof of, and what it proves itself by. */
export const realm = 'x';
export const username = 'bob';
export const password = 'zanzibar';

/** Words of a first operation `~with`, each of which changes what the engine is set up with. */
const changes: Readonly<Record<string, (options: EngineOptions) => Partial<EngineOptions>>> = {
  none: () => ({ mode: 'none', policy: 'rfc3261' }),
  limited: () => ({ mode: 'limited' }),
  rfc3261: () => ({ policy: 'rfc3261' }),
  tags: () => ({ trust: 'dialog-tags' }),
  unproved: () => ({ challenge: undefined }),
  untimed: () => ({ sessionIntervalS: 0 }),
  tight: () => ({ dialogCapacity: 3, transactionCapacity: 6 }),
  passive: ({ recovery }) => ({ recovery: { ...recovery, passive: true } }),
  replaces: ({ recovery }) => ({ recovery: { ...recovery, replaces: true } }),
  direct: ({ recovery }) => ({ recovery: { ...recovery, allowDirect: true } }),
  registering: ({ recovery }) => ({ recovery: { ...recovery, refreshesRegistration: true } }),
  mssipre: ({ recovery }) => ({ recovery: { ...recovery, schedule: 'ms-sipre' } }),
  routed: ({ recovery }) => ({ recovery: { ...recovery, healingRoute: '<sip:10.0.0.2:5060;lr>' } }),
  deadline: ({ recovery }) => ({ recovery: { ...recovery, deadlineMs: 5_000, mediaTimeoutMs: 3_000 } }),
  unreported: () => ({ reportsRefusals: false }),
  dateless: () => ({ epochMs: undefined }),
};

export const settingNames: readonly string[] = Object.keys(changes);

/** What an engine is set up with, as an input's first operations say. */
export function optionsOf(operations: readonly Operation[], parties: readonly Party[]): EngineOptions {
  let options: EngineOptions = {
    shard: 0,
    locals: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, host: ownHost, port: 5060 })),
    hops: listedOf(parties),
    mode: 'maximum',
    policy: 'ms-sipre',
    recovery: {},
    timers: { t1Ms, t2Ms: 800, t4Ms: 1_000 },
    sessionIntervalS: 90,
    dialogCapacity: 32,
    transactionCapacity: 96,
    takesCalls: true,
    reportsRefusals: true,
    trust: 'hops',
    challenge: { realm, users: { [username]: password } },
    credentials: [{ username, password }],
    hash: quickHash,
    random: quickRandom(),
    nowMs: startMs,
    epochMs: Date.UTC(2025, 0, 1),
  };
  for (const { name, words } of operations) {
    if (name !== 'with') break;
    for (const word of words) options = { ...options, ...changes[word]?.(options) };
  }
  return options;
}

export function listedOf(parties: readonly Party[]): EngineOptions['hops'] {
  return parties.filter(({ listed }) => listed).map(({ address }) => ({ address, weight: 1 }));
}

const randomOctets = new Uint8Array(2 ** 16);
seeded(1)(randomOctets);

/** The same octets for each engine, made once: engines are made by the thousand. */
export function quickRandom(): RandomSource {
  let at = 0;
  return (target) => {
    if (at + target.length > randomOctets.length) at = 1; // not what was given before
    target.set(randomOctets.subarray(at, at + target.length));
    at += target.length;
  };
}

/** FNV-1a in the place of what digests are made with: as good here, and quicker. */
export const quickHash: Hash = (algorithm, content) => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < content.length; at++) {
    const unit = typeof content === 'string' ? content.charCodeAt(at) : (content[at] as number);
    hash = Math.imul(hash ^ unit, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(algorithm === 'MD5' ? 32 : 64, '0');
};
