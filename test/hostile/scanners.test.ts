import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertCounted, heldOctets, hosts, onBattlefield, until } from './battlefield.ts';

const test = suite('Scanners, while routes die and dialogs heal');

function request(method: string, ...changed: readonly (readonly [string, string])[]): string {
  const lines = new Map([
    ['Via', 'SIP/2.0/UDP $H:$P;branch=z9hG4bK-$N;rport'],
    ['Max-Forwards', '70'],
    ['From', '"sipvicious" <sip:100@1.1.1.1>;tag=$N'],
    ['To', '"sipvicious" <sip:100@1.1.1.1>'],
    ['Call-ID', '$N'],
    ['CSeq', `1 ${method}`],
    ['Contact', '<sip:100@$H:$P>'],
    ['User-Agent', 'friendly-scanner'],
    ['Accept', 'application/sdp'],
    ...changed,
    ['Content-Length', '0'],
  ]);
  const head = [...lines].map(([name, value]) => `${name}: ${value}`);
  return [`${method} sip:100@$T SIP/2.0`, ...head, '', ''].join('\r\n');
}

const kinds = [
  ['', request('OPTIONS')],
  ['refused405', request('REGISTER')],
  ['refused405', request('SUBSCRIBE')],
  ['refused480', request('INVITE')],
  ['refused420', request('INVITE', ['Require', '100rel, teleport'])],
  ['refused416', request('INVITE').replace('sip:100@$T', 'tftp:100')],
  ['refused400', request('INVITE', ['Contact', '*'])],
  ['refused422', request('INVITE', ['Session-Expires', '30'], ['Supported', 'timer'])],
  ['refused481', request('INVITE', ['To', '<sip:100@$T>;tag=guess'])],
  ['refused481', request('CANCEL')],
  ['refused481', request('BYE')],
] as const;

test('each request has one answer and leaves nothing; who scans is told, and for what', () =>
  onBattlefield({ protocol: 'udp', dialogs: 200, takesCalls: false }, async (field) => {
    const [before, held] = [await field.near.counters(), heldOctets()];
    const messages = kinds.map(([, text]) => text);
    const attack = await field.attack({ kind: 'datagrams', messages });
    await field.rollRoutes();
    const deeds = await attack.stop();
    const { serverTransactions } = await field.near.counts();
    assert.ok(serverTransactions < 2_000, `${serverTransactions}: those of the dialogs`);
    await field.verify();
    const counted = await field.countersSince(before);
    for (const counter of new Set(kinds.map(([name]) => name))) {
      if (counter === '') continue;
      const sent = kinds.reduce((all, [name], place) => (name === counter ? all + (deeds.sent[place] ?? 0) : all), 0);
      assertCounted(counted[counter], sent, deeds, counter);
      assert.equal(
        new Set(field.reports.filter((report) => report.counter === counter).map(({ source }) => source?.host)),
        new Set(hosts.attackers),
        counter,
      );
    }
    const asked = deeds.sent.reduce((all, count) => all + count, 0);
    const answered = Object.values(deeds.answers).reduce((all, count) => all + count, 0);
    assert.ok(answered <= asked + deeds.repeated, `${answered} answers to ${asked} requests: nobody is flooded by us`);
    assert.ok(deeds.answersSize < 1.2 * deeds.sentSize, `${deeds.answersSize} octets for ${deeds.sentSize}`);
    assert.ok(heldOctets() - held < 32 * 1024 * 1024);
  }));

test('calls to a program that lets them ring: some are taken, dialogs keep their room', () =>
  onBattlefield(
    { protocol: 'udp', dialogs: 200, near: { limits: { dialogs: 512, transactions: 4_096 } }, rings: true },
    async (field) => {
      const before = await field.near.counters();
      const attack = await field.attack({
        kind: 'datagrams',
        messages: [request('INVITE')],
      });
      await until(
        'calls are refused for want of room',
        async () => (await field.countersSince(before)).refused503 > 100,
      );
      await field.rollRoutes();
      await attack.stop();
      const { calls } = await field.near.counts();
      // The quarter that is left is more than the dialogs ask for in 32 s, whichever end heals them.
      assert.ok(calls > 2_000 && calls <= 3_072, `${calls} calls ring`);
      await field.verify();
      assert.ok(field.reports.some(({ counter }) => counter === 'refused503'));
    },
  ));

test.run();
