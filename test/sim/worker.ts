import { canaries } from './canaries.ts';
import { toy } from './toy.ts';
import { work } from './work.ts';

/** Plays seeds in a process of its own, which `sipmend-bench sim` starts. */

work({ game: toy, canaries, workerFile: import.meta.filename });
