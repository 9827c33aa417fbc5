import { createHash, randomFillSync } from 'node:crypto';
import { systemClock } from '../../transport/clock.ts';
import type { Hash, HashAlgorithm, RandomSource } from '../contract.ts';

export { systemClock };

/** The operating system's randomness. */
export const systemRandom: RandomSource = (target) => {
  randomFillSync(target);
};

const opensslNames: { readonly [A in HashAlgorithm]: string } = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

/** The hashes of Node's OpenSSL. */
export const systemHash: Hash = (algorithm, content) =>
  createHash(opensslNames[algorithm]).update(content).digest('hex');
