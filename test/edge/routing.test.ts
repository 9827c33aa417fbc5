import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, alice, bob, edgeAt, header, ladder, only, request, response, World } from './world.ts';

const test = suite('Edge that finds the way on (RFC 3261 §16.4–16.6)');

/** Where a request for `uri` goes, and with what Request-URI. */
function way(uri: string, world = new World()): string | undefined {
  return ladder(world.from(alice, request('MESSAGE', { uri })))[0];
}

test('16.4: a maddr of ours is stripped, with port and transport, and the rest decides', () => {
  assert.is(way('sip:bob@10.0.2.2;maddr=10.0.0.1'), '10.0.2.2:5060 MESSAGE sip:bob@10.0.2.2 SIP/2.0');
  assert.is(
    way('sip:bob@10.0.2.2:5060;x=1;Maddr=10.0.0.1;transport=udp;y'),
    '10.0.2.2:5060 MESSAGE sip:bob@10.0.2.2;x=1;y SIP/2.0',
  );
  const world = new World({ defaultTarget: addressOf('10.0.3.3:5090') });
  assert.is(way('sip:bob@example.com;maddr=10.0.0.1', world), '10.0.3.3:5090 MESSAGE sip:bob@example.com SIP/2.0');
});

test('16.4: a maddr of ours on a port that is not ours goes there', () => {
  const uri = 'sip:bob@10.0.2.2:5080;maddr=10.0.0.1';
  assert.is(way(uri), `10.0.0.1:5080 MESSAGE ${uri} SIP/2.0`);
});

test('16.4: on a port that is not the default one the maddr takes that along', () => {
  const world = new World({ locals: [addressOf('10.0.0.1:5062')] });
  assert.is(way('sip:bob@10.0.2.2:5062;maddr=10.0.0.1', world), '10.0.2.2:5060 MESSAGE sip:bob@10.0.2.2 SIP/2.0');
  const both = new World({ locals: [addressOf('10.0.0.1:5062'), addressOf('2001:db8::e:5062')] });
  assert.is(
    way('sip:bob@[2001:db8::2]:5062;maddr=10.0.0.1', both),
    '2001:db8:0:0:0:0:0:2:5060 MESSAGE sip:bob@[2001:db8::2] SIP/2.0',
  );
});

test('16.6 (4, 8): between IPv4 and IPv6 each side gets the Via and the Record-Route of its own (RFC 5658)', () => {
  const world = new World({ locals: [addressOf(edgeAt), addressOf('2001:db8::e:5060')] });
  const uri = 'sip:carol@[2001:db8::c]:5090';
  const carol = '2001:db8:0:0:0:0:0:c:5090';
  const invite = only(world.from(alice, request('INVITE', { uri })));
  assert.is(invite.to, carol);
  assert.match(header(invite.text, 'Via'), /^SIP\/2\.0\/UDP \[2001:db8::e\]:5060;/);
  const routes = header(invite.text, 'Record-Route').split(', ');
  assert.match(routes[0] ?? '', /@\[2001:db8::e\]:5060;lr>$/);
  assert.match(routes[1] ?? '', /@10\.0\.0\.1:5060;lr>$/);
  assert.is(only(world.from(carol, response(invite.text, 200))).to, alice);
  const lines = [`Route: ${[...routes].reverse().join(', ')}`];
  const info = only(world.from(alice, request('INFO', { uri, toTag: 'bob', lines })));
  assert.is(info.to, carol);
  assert.is(header(info.text, 'Route'), '');
});

test('16.6 (7): an address of the IP version that we do not have gets 404', () => {
  assert.is(way('sip:bob@[2001:db8::2]'), `${alice} SIP/2.0 404 No Such Transport Here`);
});

test('16.4: another’s maddr is followed and stays', () => {
  const uri = 'sip:bob@example.com:5070;maddr=10.0.2.9';
  assert.is(way(uri), `10.0.2.9:5070 MESSAGE ${uri} SIP/2.0`);
});

test('16.6 (2): what must not stand in a Request-URI does not go on', () => {
  assert.is(way(`sip:bob@${bob};method=INVITE;user=phone`), `${bob} MESSAGE sip:bob@${bob};user=phone SIP/2.0`);
});

test('16.6 (1): nothing is reordered, dropped or rewritten that is not the proxy’s', () => {
  const lines = ['Subject: one', 'X-A: 1', 'Record-Route: <sip:10.0.0.9;lr>', 'x-a:  2 , 3', 'k: timer', 'X-A: 4'];
  const { text } = only(new World().from(alice, request('INVITE', { lines, body: '\0\r\n\r\nbody' })));
  assert.ok(text.includes(`\r\n${lines.join('\r\n')}\r\n`));
  assert.ok(text.endsWith('\r\n\r\n\0\r\n\r\nbody'));
});

test('16.6 (7): the default port is the transport’s, a numeric host without transport is UDP', () => {
  const world = new World({ locals: [addressOf(edgeAt), addressOf(`tcp:${edgeAt}`)] });
  assert.is(world.from(alice, request('MESSAGE', { uri: 'sip:10.0.2.9' }))[0]?.to, '10.0.2.9:5060');
  assert.is(world.from(alice, request('MESSAGE', { uri: 'sip:10.0.2.9;transport=TCP' }))[0]?.to, 'tcp:10.0.2.9:5060');
});

test('18.2.2: a known client’s maddr says where its answers go, a stranger’s does not', () => {
  const world = new World();
  const viaParams = ';maddr=10.0.1.7';
  const forwarded = only(world.from(alice, request('MESSAGE', { viaParams })));
  assert.is(only(world.from(bob, response(forwarded.text, 200))).to, '10.0.1.7:5070');
  const stranger = '192.0.2.66:6666';
  const refused = only(world.from(stranger, request('MESSAGE', { viaParams, sentBy: stranger })));
  assert.is(refused.to, stranger);
  assert.match(header(refused.text, 'Via'), /maddr=10\.0\.1\.7/);
});

test('16.11: a response with a port or a host in its Via that was changed on the way comes back all the same, or not at all', () => {
  const world = new World();
  const forwarded = only(world.from(alice, request('MESSAGE', { sentBy: 'pc.example.com' })));
  const answer = response(forwarded.text, 200);
  assert.is(only(world.from(bob, answer.replace('rport=5070', 'rport=6060'))).to, alice);
  assert.equal(world.from(bob, answer.replace('received=10.0.1.1', 'received=10.0.1.2')), []);
});

test.run();
