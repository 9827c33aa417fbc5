import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { heldOctets, hosts, onBattlefield, until } from './battlefield.ts';

const test = suite('Connections that are slow on purpose, while routes die and dialogs heal');

const connections = 400;

test('a message that trickles in costs its connection after 10 s; none is heard of by the stack, all are counted and told', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const text = [
      'OPTIONS sip:$T SIP/2.0',
      'Via: SIP/2.0/TCP $H:$P;branch=z9hG4bK-$N',
      ...Array.from({ length: 200 }, (_, index) => `X-${index}: slow`),
    ].join('\r\n');
    const attack = await field.attack({
      kind: 'connections',
      count: connections,
      // A beginning of 40,000 octets, which is to be held as long as the connection is.
      messages: [`INFO sip:$T SIP/2.0\r\nSubject: ${'x'.repeat(40_000)}`, 'I'],
      trickle: { text, everyMs: 250 },
      reads: true,
    });
    await field.rollRoutes();
    await until('all are closed', async () => (await attack.tell()).closed >= connections);
    const { opened } = await attack.stop();
    await field.verify();
    const { closedSlow, receivedRequests } = await field.countersSince(before);
    assert.is(opened, connections);
    assert.is(closedSlow, connections);
    assert.ok(receivedRequests < 200 * 8, 'these are of the dialogs');
    const told = field.reports.filter(({ counter }) => counter === 'closedSlow');
    assert.equal(new Set(told.map(({ source }) => source?.host)), new Set(hosts.attackers));
    assert.ok(told.every(({ reason }) => reason.endsWith('its peer takes too long over a message')));
    assert.ok(heldOctets() - held < 32 * 1024 * 1024, 'what they held is given back');
  }));

test.run();
