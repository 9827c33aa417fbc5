import { createStack, type Dialog, type Stack, type StackOptions } from '../../../core/index.ts';
import { farAnswer, seeded } from '../../engine/world.ts';
import type { Ground } from './ground.ts';

/** A stack of ours among the models. */
export interface Ours {
  readonly stack: Stack;
  /** Those that the models have called for. */
  readonly dialogs: Dialog[];
}

export async function ours(ground: Ground, port: number, options: Partial<StackOptions> = {}): Promise<Ours> {
  const dialogs: Dialog[] = [];
  const stack = await createStack({
    transports: [ground.network[ground.protocol]({ host: '10.0.0.1', port })],
    application: {
      onCall: (call) => {
        call.ring(180, { reliable: true });
        void call.answer({ body: farAnswer }).then((dialog) => dialogs.push(dialog));
      },
      onRequest: (request) => request.respond(200),
      onEnded: (_dialog, by, reason) => void ground.log.push(`ours ended ${by} ${reason}`),
    },
    clock: ground.clock,
    random: seeded(port),
    limits: { dialogs: 64, transactions: 1024 },
    sessionTimer: { intervalS: 0 },
    ...options,
  });
  ground.name(port, 'ours');
  return { stack, dialogs };
}
