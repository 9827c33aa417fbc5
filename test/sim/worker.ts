import { canaries } from './canaries.ts';
import { simulator } from './simulator.ts';
import { work } from './work.ts';

/** Plays seeds in a process of its own, which `sipmend-bench sim` starts. */

work({ game: simulator, canaries, workerFile: import.meta.filename });
