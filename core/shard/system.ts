import { createHash, randomFillSync } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '../../transport/clock.ts';
import type { Hash, HashAlgorithm, RandomSource } from '../contract.ts';

export { systemClock };

/** The operating system's randomness. */
export const systemRandom: RandomSource = (target) => {
  randomFillSync(target);
};

/** One core is left to the program, where there is more than one. */
export function coresForShards(): number {
  return Math.min(32, Math.max(1, availableParallelism() - 1));
}

const opensslNames: { readonly [A in HashAlgorithm]: string } = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

/** The hashes of Node's OpenSSL. */
export const systemHash: Hash = (algorithm, content) =>
  createHash(opensslNames[algorithm]).update(content).digest('hex');
