import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertCounted, heldOctets, hosts, onBattlefield, sum, until } from './battlefield.ts';

const test = suite('Floods of malformed messages, while routes die and dialogs heal');

const head = [
  'Via: SIP/2.0/UDP $H:$P;rport;branch=z9hG4bK-$N',
  'From: <sip:x@$H>;tag=$N',
  'To: <sip:$T>',
  'Call-ID: $N',
  'CSeq: 1 INFO',
].join('\r\n');

const answered = [
  `INFO sip:$T SIP/2.0\r\n${head.replace('<sip:x@$H>', '<sip:x@$H')}\r\n\r\n`,
  `INFO sip:$T SIP/2.0\r\n${head}\r\nCall-ID: again\r\n\r\n`,
  `INFO sip:$T SIP/2.0\r\n${head}\r\nContent-Length: 99\r\n\r\n`,
  `INFO sip:$T SIP/7.0\r\n${head}\r\n\r\n`,
];

const dropped = [
  'GET / HTTP/1.1\r\nHost: $T\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03$N',
  `SIP/2.0 2000 What\r\n${head}\r\n\r\n`,
  'INFO sip:$T SIP/2.0\r\nCall-ID: $N\r\n\r\n',
  'x'.repeat(1400),
];

test('UDP: each is counted as what it is, and told with its reason and source', () =>
  onBattlefield({ protocol: 'udp', dialogs: 200 }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const messages = [...answered, ...dropped];
    const attack = await field.attack({ kind: 'datagrams', messages });
    await field.rollRoutes();
    const deeds = await attack.stop();
    await field.verify();
    const { refused400, droppedMalformed } = await field.countersSince(before);
    assertCounted(refused400, sum(deeds.sent.slice(0, answered.length)), deeds, 'malformed requests');
    assertCounted(droppedMalformed, sum(deeds.sent.slice(answered.length)), deeds, 'what gets no answer');
    const reasons = new Set(field.reports.map(({ counter, reason, source }) => `${counter} ${reason} ${source?.host}`));
    assert.ok(reasons.size <= 16, [...reasons].join('\n'));
    for (const host of hosts.attackers) {
      for (const counter of ['refused400', 'droppedMalformed']) {
        assert.ok(
          [...reasons].some((told) => told.startsWith(counter) && told.endsWith(host)),
          `${counter} ${host}`,
        );
      }
    }
    assert.ok(field.reports.length < 100, `${field.reports.length} reports of ${sum(deeds.sent)} messages`);
    const { serverTransactions } = await field.near.memory();
    assert.ok(serverTransactions.count < 2_000, 'only dialogs have transactions');
    assert.ok(heldOctets() - held < 32 * 1024 * 1024);
  }));

/** What costs a connection at once, each with its counter. */
const lethal = [
  ['closedUnreadable', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['closedUnreadable', '\x00\x01\x02\x03'],
  ['refused400', `INFO sip:$T SIP/2.0\r\n${head.replace('/UDP', '/TCP')}\r\n\r\n`],
  ['refused400', `INFO sip:$T SIP/2.0\r\n${head.replace('/UDP', '/TCP')}\r\nContent-Length: 1\r\nl: 2\r\n\r\nxx`],
  ['refused400', `INFO sip:$T SIP/2.0\r\n${head.replace('/UDP', '/TCP')}\r\nContent-Length: -1\r\n\r\n`],
] as const;

test('TCP: what cannot be read on costs its connection, again and again', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const attack = await field.attack({
      kind: 'connections',
      count: 50,
      messages: lethal.map(([, text]) => text),
      reads: true,
      again: true,
    });
    await field.rollRoutes();
    await until('enough were opened', async () => (await attack.tell()).opened > 300);
    const { sent, opened, closed } = await attack.stop();
    await field.verify();
    const { closedUnreadable, refused400 } = await field.countersSince(before);
    // The last ones may have been written to connections that their own end has closed by then.
    const least = (counter: string): number =>
      sum(lethal.map(([name], place) => (name === counter ? (sent[place] ?? 0) : 0))) - 50;
    assert.ok(opened - closed <= 50, `${closed} of ${opened} were closed`);
    assert.ok(closedUnreadable >= least('closedUnreadable'), `${closedUnreadable} of ${sent}`);
    assert.ok(refused400 >= least('refused400'), `${refused400} of ${sent}`);
    const told = new Set(field.reports.map(({ counter, source }) => `${counter} ${source?.host}`));
    for (const host of hosts.attackers)
      assert.ok(told.has(`closedUnreadable ${host}`) && told.has(`refused400 ${host}`));
    assert.ok(heldOctets() - held < 32 * 1024 * 1024);
  }));

test.run();
