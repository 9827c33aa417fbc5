import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertCounted, heldOctets, hosts, onBattlefield, until } from './battlefield.ts';

const test = suite('Huge messages, while routes die and dialogs heal');

function request(protocol: string, method: string, ...more: string[]): string {
  return [
    `${method} sip:$T SIP/2.0`,
    `Via: SIP/2.0/${protocol} $H:$P;rport;branch=z9hG4bK-$N`,
    'From: <sip:x@$H>;tag=$N',
    'To: <sip:$T>',
    'Call-ID: $N',
    `CSeq: 1 ${method}`,
    'Contact: <sip:x@$H:$P>',
    ...more,
  ].join('\r\n');
}

const manyLines = Array.from({ length: 300 }, (_, index) => `X-${index}: ${'y'.repeat(100)}`);
const longLine = `Subject: ${'z'.repeat(58_000)}`;

test('UDP: too many header lines are refused by 513; long ones are read, and cost no more than others', () =>
  onBattlefield({ protocol: 'udp', dialogs: 200, takesCalls: false }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const attack = await field.attack({
      kind: 'datagrams',
      hosts: hosts.attackers.slice(0, 2),
      messages: [
        `${request('UDP', 'OPTIONS', ...manyLines)}\r\n\r\n`,
        `${request('UDP', 'INVITE', longLine)}\r\n\r\n`,
        `${request('UDP', 'BYE', `Route: ${Array(200).fill('<sip:10.0.0.1;lr>').join(', ')}`)}\r\n\r\n`,
        `${request('UDP', 'MESSAGE', `Supported: ${Array(5_000).fill('x').join(',')}`)}\r\n\r\n`,
      ],
    });
    await field.rollRoutes();
    const deeds = await attack.stop();
    await field.verify();
    const { refused413, refused480, refused481 } = await field.countersSince(before);
    assertCounted(refused413, deeds.sent[0] ?? 0, deeds, 'too many lines');
    assertCounted(refused480, deeds.sent[1] ?? 0, deeds, 'a long line');
    assertCounted(refused481, (deeds.sent[2] ?? 0) + (deeds.sent[3] ?? 0), deeds, 'long lists');
    assert.ok(
      field.reports.some(({ reason, counter }) => counter === 'refused413' && reason === 'Too Many Header Fields'),
    );
    assert.ok(heldOctets() - held < 48 * 1024 * 1024);
  }));

test('TCP: what is too large is answered, and its connection closed', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200, takesCalls: false }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const attack = await field.attack({
      kind: 'connections',
      count: 40,
      messages: [
        `${request('TCP', 'OPTIONS', `Subject: ${'z'.repeat(70_000)}`)}\r\n\r\n`,
        `${request('TCP', 'MESSAGE', 'Content-Length: 70000')}\r\n\r\n`,
        `${request('TCP', 'INVITE', 'Content-Length: 4294967296')}\r\n\r\n`,
      ],
      reads: true,
      again: true,
    });
    await field.rollRoutes();
    await until('enough were opened', async () => (await attack.tell()).opened > 200);
    const { opened, answers } = await attack.stop();
    await field.verify();
    const { refused413 } = await field.countersSince(before);
    assert.ok(refused413 >= opened - 80 && refused413 <= opened, `${refused413} of ${opened}`);
    assert.ok((answers['413'] ?? 0) + (answers['513'] ?? 0) > opened / 2, JSON.stringify(answers));
    const reasons = new Set(
      field.reports.filter(({ counter }) => counter === 'refused413').map(({ reason }) => reason),
    );
    assert.ok(reasons.has('Message Too Large') && reasons.has('Request Entity Too Large'), [...reasons].join());
    assert.ok(heldOctets() - held < 48 * 1024 * 1024);
  }));

test.run();
