import { edgeStarts, edgeWords } from '../edge/edge-starts.ts';
import { EdgeWorld } from '../edge/edge-world.ts';
import type { Target } from '../target.ts';
import { operationsOf } from '../world/operations.ts';

/**
 * An edge amid clients, hops and strangers. An input is a program of what they all send and do (`world/operations.ts`, `edge/edge-world.ts`):
 * whatever that is, the edge never throws, changes what it forwards as a proxy does and no further, sends it where it may go,
 * answers what it must, counts each message once, and loses none.
 */
export const target: Target = {
  name: 'edge',
  covers: ['core/edge/'],
  isProgram: true,
  batchSize: 128,
  words: edgeWords,
  starts: edgeStarts,
  run(input) {
    const operations = operationsOf(input);
    const world = new EdgeWorld(operations);
    world.run(operations);
    world.rest();
  },
};
