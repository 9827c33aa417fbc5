import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type StackCounters } from '../../core/index.ts';
import { tcp } from '../../transport/index.ts';
import { Attack } from './attack.ts';
import { hosts, until, uriOf } from './battlefield.ts';
import type { Target } from './job.ts';
import { optionsRequest } from './options-request.ts';

const test = suite('A stack whose process may have 200 descriptors');

async function ask<T>(child: ChildProcess, order: object | string): Promise<T> {
  const answer = once(child, 'message');
  child.send(order);
  const [value] = (await answer) as [T];
  return value;
}

test('it reaches a hop that it has no connection to, whatever crowd has connected', async () => {
  const entry = join(import.meta.dirname, 'small-stack.js');
  const child = spawn('bash', ['-c', `ulimit -n 200; exec "${process.execPath}" "${entry}"`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [target] = (await once(child, 'message')) as [Target];
  const far = await createStack({
    transports: [tcp({ host: hosts.far, port: 0 })],
    application: { onCall: (call) => void call.answer({ body: 'v=0\r\n' }).catch(() => undefined) },
  });
  const attack = await Attack.begin({
    kind: 'connections',
    to: target,
    hosts: hosts.attackers,
    count: 400,
    messages: [optionsRequest()],
    reads: true,
    again: true,
  });
  try {
    await until('all have connected', async () => (await attack.tell()).opened > 600);
    const { port } = far.locals[0] as Target;
    for (let round = 0; round < 5; round++) {
      const { outcome } = await ask<{ outcome: unknown }>(child, { hop: uriOf('tcp', hosts.far, port) });
      assert.is(outcome, 200);
    }
    const { closedOverloaded, closedIdle, receivedRequests } = await ask<StackCounters>(child, 'count');
    assert.ok(receivedRequests > 0);
    assert.ok(closedOverloaded + closedIdle > 100, `${closedOverloaded} and ${closedIdle} made place`);
  } finally {
    await attack.end();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await far.destroy();
  }
});

test.run();
