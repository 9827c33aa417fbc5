import { check, type Target } from './target.ts';

const letters = new TextEncoder().encode('fuzz');

/**
 * A target with a fault behind four conditions, each on an octet of its own. Blind chance would need some 2^32 inputs; whoever is
 * told which blocks run finds one octet after the other.
 */
export const target: Target = {
  name: 'planted',
  covers: ['test/fuzz/planted-fault.ts'],
  starts: () => [new TextEncoder().encode('nothing to see')],
  run(input) {
    if (input[0] === letters[0]) {
      if (input[1] === letters[1]) {
        if (input[2] === letters[2]) {
          check(input[3] !== letters[3], 'nobody gets here');
        }
      }
    }
  },
};
