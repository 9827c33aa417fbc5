import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertCounted, heldOctets, hosts, onBattlefield, sum, until } from './battlefield.ts';
import { Eavesdropper } from './eavesdropper.ts';
import { evil, forgedResponse } from './forgery.ts';

const test = suite('Forged responses, while routes die and dialogs heal');

const actions = ['Dialog-Route-Set-Update', 'Wait-For-Session-Update', 'Registration-Route-Set-Update'];

test('430s, 481s and 200s of whoever knows all of a dialog but the branch come to nothing', () =>
  onBattlefield({ protocol: 'udp', dialogs: 200 }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const dialogs = (await Promise.all(field.pairs.map(({ near }) => near.export()))).slice(0, 50);
    const of430 = dialogs.flatMap((dialog) =>
      actions.map((action) => forgedResponse(dialog, 430, 'INFO', [`P-Dialog-Recovery-Action: ${action}`])),
    );
    const others = dialogs.flatMap((dialog) => [
      forgedResponse(dialog, 481, 'UPDATE', []),
      forgedResponse(dialog, 503, 'INFO', ['Retry-After: 300']),
      forgedResponse(dialog, 200, 'UPDATE', [`Record-Route: <sip:${evil};lr>`]),
      forgedResponse(dialog, 200, 'INVITE', [`Record-Route: <sip:${evil};lr>`]),
    ]);
    const attack = await field.attack({
      kind: 'datagrams',
      messages: [...of430, ...others],
    });
    await until(
      'all of them were sent',
      async () => sum((await attack.tell()).sent) > 2 * (of430.length + others.length),
    );
    assert.is((await field.near.counts()).recovering, 0, 'no forged 430 has broken a route');
    await field.rollRoutes();
    const deeds = await attack.stop();
    const { dropped430, droppedResponses } = await field.countersSince(before);
    await field.verify();
    assertCounted(dropped430, sum(deeds.sent.slice(0, of430.length)), deeds, '430s');
    // Beside them there are late answers of the edge that died.
    assert.ok(droppedResponses >= sum(deeds.sent) - deeds.repeated * 30, `${droppedResponses} of ${sum(deeds.sent)}`);
    assert.equal(
      new Set(field.reports.filter(({ counter }) => counter === 'dropped430').map(({ source }) => source?.host)),
      new Set(hosts.attackers),
    );
    assert.ok(heldOctets() - held < 32 * 1024 * 1024);
  }));

test('a 200 to a heal of whoever sees its branch, quicker than the peer, moves no route: it did not come by the heal’s own way', async () => {
  const forger = createSocket('udp4');
  forger.bind(0, hosts.attackers[0]);
  await once(forger, 'listening');
  const eavesdropper = new Eavesdropper();
  try {
    await onBattlefield(
      { protocol: 'udp', dialogs: 200, around: (transport) => eavesdropper.around(transport) },
      async (field) => {
        const before = await field.near.counters();
        const { host, port } = field.target;
        let forged = 0;
        eavesdropper.onSend = (text) => {
          if (!text.startsWith('UPDATE ')) return;
          forged++;
          const copied = text.match(/^(?:Via|From|To|Call-ID|CSeq): .*$/gm) ?? [];
          const lines = [
            'SIP/2.0 200 OK',
            ...copied.map((line) => line.replace(/\r$/, '')),
            `Record-Route: <sip:${evil};lr>`,
            `Contact: <sip:${evil}>`,
            'Supported: ms-dialog-route-set-update',
            'Content-Length: 0',
            '',
            '',
          ];
          forger.send(lines.join('\r\n'), port, host);
        };
        await field.rollRoutes();
        await field.verify();
        const { droppedResponses } = await field.countersSince(before);
        assert.ok(forged > 50, `${forged} heals were seen`);
        assert.ok(droppedResponses >= 0.9 * forged, `${droppedResponses} of ${forged}`);
      },
    );
  } finally {
    forger.close();
  }
});

test.run();
