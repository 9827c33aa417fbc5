import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { heldOctets, hosts, onBattlefield, sum, until } from './battlefield.ts';
import { Eavesdropper } from './eavesdropper.ts';
import { evil } from './forgery.ts';

const test = suite('Edges under attack, while routes die and dialogs heal');

function request(method: string, ...lines: readonly string[]): string {
  return [
    `${method} sip:victim@10.9.9.9 SIP/2.0`,
    'Via: SIP/2.0/UDP $H:$P;rport;branch=z9hG4bK-$N',
    'From: <sip:x@$H>;tag=$N',
    'To: <sip:victim@10.9.9.9>',
    'Call-ID: $N',
    `CSeq: 1 ${method}`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

const blind = [
  ['refused403', request('INVITE', 'Contact: <sip:x@$H:$P>')],
  ['refused403', request('REGISTER')],
  ['refused403', request('MESSAGE', `Route: <sip:${evil};lr>`)],
  ['refused400', request('INVITE').replace('CSeq: 1 INVITE', 'CSeq: x INVITE')],
  ['refused420', request('MESSAGE', 'Proxy-Require: teleport')],
  ['droppedMalformed', 'GET / HTTP/1.1\r\n\r\n'],
  ['droppedResponses', request('INFO').replace(/^.*/, 'SIP/2.0 430 Flow Failed')],
] as const;

test('UDP: strangers and replays reach nobody by them; what they refuse is counted and told', async () => {
  const eavesdropper = new Eavesdropper();
  await onBattlefield(
    { protocol: 'udp', dialogs: 200, around: (transport) => eavesdropper.around(transport) },
    async (field) => {
      await field.verify();
      eavesdropper.stop();
      const held = heldOctets();
      // The second edge is the one that lives first; what went to the first one is lost state to it.
      const overheard = eavesdropper.sent.filter((text) => /^(?:INFO|UPDATE|INVITE) /.test(text)).slice(0, 300);
      const forged = overheard.map((text) =>
        text.replace(/^(Route|Record-Route|Contact): .*$/m, `$1: <sip:${evil};lr>`),
      );
      const messages = [...blind.map(([, text]) => text), ...overheard, ...forged];
      const edge = field.edges[1];
      assert.ok(edge);
      const attack = await field.attack({ kind: 'datagrams', to: edge.local, messages });
      await until('all of them were sent', async () => sum((await attack.tell()).sent) > 2 * messages.length);
      const counters = edge.counters;
      await field.rollRoutes();
      await attack.stop();
      await field.verify();
      for (const [counter] of blind) {
        assert.ok(counters[counter] > 0, counter);
        assert.ok(
          field.edgeReports.some((report) => report.counter === counter && report.source?.host === hosts.attackers[1]),
          counter,
        );
      }
      assert.ok(field.edgeReports.length < 300, `${field.edgeReports.length} reports`);
      assert.ok(heldOctets() - held < 48 * 1024 * 1024);
    },
  );
});

test('TCP: rubbish, slow and silent connections cost those who open them; clients keep theirs', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200 }, async (field) => {
    const edge = field.edges[1];
    assert.ok(edge);
    const attack = await field.attack({
      kind: 'connections',
      to: edge.local,
      count: 100,
      messages: [
        '\x16\x03\x01\x02\x00',
        request('INVITE').replace('/UDP', '/TCP'),
        request('INVITE').replace('/UDP', '/TCP').replace('Content-Length: 0\r\n', ''),
        'INVITE sip:',
      ],
      reads: true,
      again: true,
    });
    await until('enough were opened', async () => (await attack.tell()).opened > 150);
    const { closedUnreadable, refused403, refused400 } = edge.counters;
    await field.rollRoutes();
    await attack.stop();
    await field.verify();
    for (const [name, count] of Object.entries({ closedUnreadable, refused403, refused400 }))
      assert.ok(count > 0, name);
    assert.ok(
      field.edgeReports.some(
        ({ counter, source }) =>
          counter === 'closedUnreadable' && hosts.attackers.some((host) => host === source?.host),
      ),
    );
  }));

test.run();
