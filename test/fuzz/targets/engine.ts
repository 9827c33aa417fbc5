import { EngineWorld } from '../engine/engine-world.ts';
import { engineStarts } from '../engine/starts.ts';
import { engineWords } from '../engine/words.ts';
import type { Target } from '../target.ts';
import { operationsOf } from '../world/operations.ts';

/**
 * An engine amid calls, hops and strangers. An input is a program of what they all send and do (`operations.ts`, `engine/actions.ts`):
 * whatever that is, the engine never throws, sends good messages, moves no route for a stranger, tells the outcome of each command
 * once, and holds nothing when all is over.
 */
export const target: Target = {
  name: 'engine',
  covers: ['core/engine/', 'core/recovery/', 'core/dialog/', 'core/transaction/'],
  isProgram: true,
  batchSize: 64,
  words: engineWords,
  starts: engineStarts,
  run(input) {
    const operations = operationsOf(input);
    const world = new EngineWorld(operations);
    world.run(operations);
    world.rest();
  },
};
