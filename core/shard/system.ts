import { randomFillSync } from 'node:crypto';
import { systemClock } from '../../transport/clock.ts';
import type { RandomSource } from '../contract.ts';

export { systemClock };

/** The operating system's randomness. */
export const systemRandom: RandomSource = (target) => {
  randomFillSync(target);
};
