import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unprovenConnectionsMax } from '../../transport/limits.ts';
import { skip } from '../skip.ts';
import { heldOctets, onBattlefield, until } from './battlefield.ts';
import { optionsRequest } from './options-request.ts';

const test = suite('10,000 connections, while routes die and dialogs heal');

const connections = 10_000;
const [, descriptors = '0'] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
/** Node takes as many as the hard limit allows. */
const hasRoom = Number(descriptors) >= 1.8 * connections;
const reason = `the system allows ${descriptors} descriptors a process; raise \`ulimit -Hn\` to 20,000`;

const silent = 'that say nothing: the newest 1,024 stay, and no dialog loses its own';
const talking = 'that ask once and stay: they have their places, and hops are reached all the same';

if (!hasRoom) {
  skip(test, silent, reason);
  skip(test, talking, reason);
} else {
  test(silent, () =>
    onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
      const [before, held] = [await field.near.counters(), heldOctets()];
      const attack = await field.attack({
        kind: 'connections',
        count: connections,
        reads: true,
      });
      await field.rollRoutes();
      await until('all have been opened', async () => (await attack.tell()).opened >= connections);
      await until('all but the newest are closed', async () => {
        const { opened, closed } = await attack.tell();
        return opened - closed <= unprovenConnectionsMax;
      });
      await field.verify();
      const { closedIdle, receivedRequests } = await field.countersSince(before);
      assert.ok(closedIdle >= connections - unprovenConnectionsMax, `${closedIdle} were closed`);
      assert.ok(receivedRequests < 200 * 8, 'these are of the dialogs');
      assert.ok(field.reports.length < 40, `${field.reports.length} reports`);
      assert.ok(heldOctets() - held < 64 * 1024 * 1024);
    }),
  );

  test(talking, () =>
    onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
      const [before, held] = [await field.near.counters(), heldOctets()];
      const attack = await field.attack({
        kind: 'connections',
        count: connections,
        messages: [optionsRequest()],
        reads: true,
      });
      await until('all have been opened', async () => (await attack.tell()).opened >= connections);
      await until('all have had their answer', async () => {
        const { opened, closed, answers } = await attack.tell();
        return (answers['200'] ?? 0) >= opened - closed;
      });
      await field.rollRoutes();
      const { opened, closed } = await attack.tell();
      await field.verify();
      const { closedIdle, closedOverloaded, receivedRequests } = await field.countersSince(before);
      assert.is(opened, connections);
      assert.is(closed, closedIdle, 'those that had no time to ask');
      assert.is(closedOverloaded, 0);
      assert.ok(receivedRequests >= connections - closed);
      assert.ok(heldOctets() - held < 256 * 1024 * 1024, 'some 10 KiB each');
    }),
  );
}

test.run();
