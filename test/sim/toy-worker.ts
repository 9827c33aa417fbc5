import type { Canary } from './canary.ts';
import { toy } from './toy.ts';
import { work } from './work.ts';

/** The worker of the toy, for tests. */

const file = 'test/sim/toy.js';

/** The first is told by seeds that end with 8, the second by none; the third cannot be made. */
const canaries: readonly Canary[] = [
  { name: 'other-seeds', file, find: 'seed % 10 === 7', replace: 'seed % 10 >= 7', says: 'hops die in more seeds' },
  { name: 'comment', file, find: 'A mutant may do so.', replace: 'It may.', says: 'a comment has changed' },
  { name: 'lost', file, find: 'not there', replace: '', says: 'nothing' },
];

work({ game: toy, canaries, workerFile: import.meta.filename });
