import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { heldOctets, onBattlefield, sum, until } from './battlefield.ts';
import { Eavesdropper } from './eavesdropper.ts';

const test = suite('Replayed messages, while routes die and dialogs heal');

/** So few places that any attacker could fill them, if what is replayed took one. */
const near = { limits: { dialogs: 512, transactions: 2_048 } } as const;

test('what was overheard and comes again, as it was or in another transaction, is carried out once only', async () => {
  const eavesdropper = new Eavesdropper();
  await onBattlefield(
    { protocol: 'udp', dialogs: 200, near, around: (transport) => eavesdropper.around(transport) },
    async (field) => {
      await field.verify();
      await Promise.allSettled(field.pairs.slice(0, 50).map(({ far }) => far.heal()));
      eavesdropper.stop();
      const overheard = eavesdropper.received.filter((text) => !/^(?:BYE|ACK) /.test(text));
      const requests = overheard.filter((text) => !text.startsWith('SIP/2.0'));
      const inOtherTransactions = requests.map((text) => text.replace(/branch=z9hG4bK/, 'branch=z9hG4bK$N'));
      const held = heldOctets();
      const before = await field.near.counters();
      const { dialogs } = await field.near.counts();
      const messages = [...overheard, ...inOtherTransactions];
      const attack = await field.attack({ kind: 'datagrams', messages });
      await until('all of them were sent', async () => sum((await attack.tell()).sent) > messages.length);
      await field.rollRoutes();
      // Until Timer K has ended, a response that comes again is one that its transaction absorbs.
      await until('old ones belong to nothing', async () => (await field.countersSince(before)).droppedResponses > 0);
      await attack.stop();
      const { refused503 } = await field.countersSince(before);
      assert.is(refused503, 0, 'no dialog has gone without a place');
      await field.verify();
      const counted = await field.countersSince(before);
      for (const counter of ['repeatedRequests', 'refused500', 'refused482', 'droppedResponses'] as const) {
        assert.ok(counted[counter] > 0, counter);
      }
      assert.is((await field.near.counts()).dialogs, dialogs, 'no call came of it');
      assert.ok(field.reports.some(({ reason }) => reason === 'CSeq Not Above the Last'));
      assert.ok(field.reports.some(({ counter }) => counter === 'refused482'));
      assert.ok(heldOctets() - held < 48 * 1024 * 1024);
    },
  );
});

test.run();
