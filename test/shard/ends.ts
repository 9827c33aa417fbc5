import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import {
  type Application,
  createStack,
  type Dialog,
  type SipError,
  type Stack,
  type StackOptions,
} from '../../core/index.ts';
import { tcp, udp } from '../../transport/index.ts';

export const body = 'v=0\r\n';
export const anywhere = { host: '127.0.0.1', port: 0 };
export const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

/** A stack with shards, and a far end in this thread. */
export async function createEnds(
  protocol: 'udp' | 'tcp',
  options: Partial<StackOptions> = {},
  farApplication: Application = {},
) {
  workers.length = 0;
  const transport = protocol === 'udp' ? udp : tcp;
  const farDialogs: Dialog[] = [];
  const log: string[] = [];
  const far = await createStack({
    transports: [transport(anywhere)],
    application: {
      onCall: (call) =>
        void call.answer({ body }).then(
          (dialog) => farDialogs.push(dialog),
          () => undefined,
        ),
      onEnded: (_, by, reason) => log.push(`far: ended by ${by}, ${reason}`),
      ...farApplication,
    },
  });
  const ended: string[] = [];
  const near = await createStack({
    transports: [transport(anywhere)],
    shards: 2,
    application: {
      onCall: (call) => void call.answer({ body }),
      onEnded: (dialog, _, reason) => ended.push(`${dialog.callId} ${reason}`),
      onWarning: (warning) => log.push(`near: ${warning}`),
    },
    ...options,
  });
  const uriOf = (stack: Stack, index = 0): string => {
    const local = stack.locals[index];
    assert.ok(local);
    return `sip:us@${local.host}:${local.port};transport=${protocol}`;
  };
  return {
    near,
    far,
    farDialogs,
    ended,
    log,
    uriOf,
    callOut: (count: number) => Promise.all(Array.from({ length: count }, () => near.invite(uriOf(far), { body }))),
    callIn: (count: number, index = 0) =>
      Promise.all(Array.from({ length: count }, () => far.invite(uriOf(near, index), { body }))),
    kill: async (shard: number) => {
      const worker = workers[shard];
      assert.ok(worker);
      await worker.terminate();
    },
    close: async () => {
      await near.destroy();
      await far.destroy();
    },
  };
}

export function shardOf(dialog: Dialog): number {
  return Math.floor(dialog.id / 2 ** 48);
}

/** What is published when a shard is lost next. */
export function nextLoss(): Promise<unknown> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      unsubscribe('sipmend:shard-lost', hear);
      resolve(message);
    };
    subscribe('sipmend:shard-lost', hear);
  });
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: SipError) => error.code,
  );
}

/** Has the application of shard 0 go round for ever; resolves, when it does, with a dialog that the main thread has there. */
export async function busyShard({
  near,
  farDialogs,
  uriOf,
  far,
}: Awaited<ReturnType<typeof createEnds>>): Promise<Dialog> {
  const dialog = await near.invite(uriOf(far), { body });
  assert.is(shardOf(dialog), 0);
  await until(() => farDialogs.length > 0);
  const busy = new BroadcastChannel('busy');
  const isBusy = new Promise((resolve) => {
    busy.onmessage = resolve;
  });
  void farDialogs[0]?.request('MESSAGE', { contentType: 'text/plain', body: 'busy' }).catch(() => undefined);
  await isBusy;
  busy.close();
  return dialog;
}
