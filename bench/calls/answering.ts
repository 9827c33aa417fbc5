import type { Application } from '../../core/index.ts';
import { sessionDescription } from '../route-death/scenario.ts';

/** A program that answers every call. It runs in the shards, where there are some. */
export const application: Application = {
  onCall: (call) => void call.answer({ body: sessionDescription }),
};
