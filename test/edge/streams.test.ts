import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressOf,
  edgeAt,
  header,
  ladder,
  linesOf,
  only,
  recordRoute,
  request,
  response,
  type Sent,
  World,
} from './world.ts';

const test = suite('Edge between datagrams and streams (RFC 3261 §16.6, §18; RFC 5658)');

/** Alice’s connection, the next one that she opens, and where she would accept some. */
const alice = 'tcp:10.0.1.1:49152';
const aliceAgain = 'tcp:10.0.1.1:49153';
const aliceListens = '10.0.1.1:5070';
const bob = '10.0.2.2:5080';
const bobTcp = `tcp:${bob}`;
const supported = 'Supported: ms-dialog-route-set-update';
const tcp = { protocol: 'TCP', sentBy: aliceListens, viaParams: '' };

function world(options: { readonly clients?: readonly string[] } = {}): World {
  return new World({
    locals: [addressOf(edgeAt), addressOf(`tcp:${edgeAt}`)],
    clients: ['10.0.1.1', bob],
    ...options,
  });
}

/** Alice, by TCP, has called Bob; both know the route. */
class Call {
  readonly world: World;
  readonly bobUri: string;
  readonly bobAt: string;
  /** Values of Record-Route as Alice and Bob got them. */
  route: string[];

  constructor(bobAt = bob, at = world()) {
    this.world = at;
    this.bobAt = bobAt;
    this.bobUri = bobAt === bob ? `sip:bob@${bob}` : `sip:bob@${bob};transport=tcp`;
    const invite = only(at.from(alice, request('INVITE', { ...tcp, uri: this.bobUri })));
    this.route = header(invite.text, 'Record-Route').split(', ');
    at.from(bobAt, response(invite.text, 200));
  }

  fromAlice(method: string, source = alice, lines = [supported]): Sent[] {
    const route = `Route: ${[...this.route].reverse().join(', ')}`;
    return this.world.from(
      source,
      request(method, { ...tcp, uri: this.bobUri, toTag: 'bob', lines: [route, ...lines] }),
    );
  }

  fromBob(method: string, lines = [supported], branch = 'z9hG4bKbob'): Sent[] {
    const protocol = this.bobAt === bob ? 'UDP' : 'TCP';
    const uri = `sip:alice@${aliceListens};transport=tcp`;
    const route = `Route: ${this.route.join(', ')}`;
    return this.world.from(
      this.bobAt,
      request(method, { protocol, sentBy: bob, branch, uri, toTag: 'alice', lines: [route, ...lines] }),
    );
  }
}

test('a request that changes its transport gets a Via of the new one, and stands in the route by both', () => {
  const { text, to } = only(world().from(alice, request('INVITE', { ...tcp, uri: `sip:bob@${bob}` })));
  assert.is(to, bob);
  const [via = ''] = header(text, 'Via').split(', ');
  assert.match(via, /^SIP\/2\.0\/UDP 10\.0\.0\.1:5060;rport;branch=/);
  const [downstream = '', upstream = ''] = header(text, 'Record-Route').split(', ');
  const token = /sip:([0-9a-v]+)@/.exec(downstream)?.[1] ?? '';
  assert.is(downstream, `<sip:${token}@${edgeAt};lr>`);
  assert.is(upstream, `<sip:${token}@${edgeAt};transport=tcp;lr>`);
});

test('both Routes of ours are taken off together, from either side', () => {
  const call = new Call();
  const info = only(call.fromAlice('INFO'));
  assert.is(info.to, bob);
  assert.is(header(info.text, 'Route'), '');
  const back = only(call.fromBob('INFO'));
  assert.is(back.to, alice);
  assert.is(header(back.text, 'Route'), '');
});

test('by one transport there is one Record-Route', () => {
  const call = new Call(bobTcp);
  assert.is(call.route.length, 1);
  assert.match(call.route[0] ?? '', /@10\.0\.0\.1:5060;transport=tcp;lr>$/);
  assert.is(only(call.fromAlice('INFO')).to, bobTcp);
  assert.is(only(call.fromBob('INFO')).to, alice);
});

test('a stream gets the Content-Length that a datagram had not', () => {
  const at = world();
  const uri = `sip:bob@${bob};transport=tcp`;
  const parts = { uri, body: 'v=0\r\n', length: false };
  const forwarded = only(at.from('10.0.1.1:5070', request('MESSAGE', parts)));
  assert.is(forwarded.to, bobTcp);
  assert.is(header(forwarded.text, 'Content-Length'), '5');
  assert.ok(forwarded.text.endsWith('\r\n\r\nv=0\r\n'));
  const byDatagram = only(at.from('10.0.1.1:5070', request('MESSAGE', { ...parts, uri: `sip:bob@${bob}` })));
  assert.is(header(byDatagram.text, 'Content-Length'), '');
  const kept = only(at.from('10.0.1.1:5070', request('MESSAGE', { uri, body: 'v=0\r\n' })));
  assert.is(linesOf(kept.text).filter((line) => line.startsWith('Content-Length: ')).length, 1);
});

test('so does a response', () => {
  const at = world();
  const forwarded = only(at.from(alice, request('MESSAGE', { ...tcp, uri: `sip:bob@${bob}` })));
  const answer = response(forwarded.text, 200).replace('Content-Length: 0\r\n', '');
  const { to, text } = only(at.from(bob, `${answer}hello`));
  assert.is(to, alice);
  assert.is(header(text, 'Content-Length'), '5');
});

test('a response goes back on the connection that its request came by, whatever the Via says', () => {
  const at = world();
  for (const via of [tcp, { ...tcp, sentBy: 'alice.invalid:9' }, { ...tcp, protocol: 'UDP', viaParams: ';rport' }]) {
    const forwarded = only(at.from(alice, request('OPTIONS', { ...via, uri: `sip:bob@${bob}` })));
    assert.is(only(at.from(bob, response(forwarded.text, 200))).to, alice);
  }
});

test('when that is gone a known client is answered on the port in sent-by (§18.2.2)', () => {
  const at = world();
  const forwarded = only(at.from(alice, request('OPTIONS', { ...tcp, uri: `sip:bob@${bob}` })));
  at.lose(alice, 'SIP_FLOW_LOST');
  assert.is(only(at.from(bob, response(forwarded.text, 200))).to, `tcp:${aliceListens}`);
});

test('a stranger that is gone gets nothing: its Via opens no connection', () => {
  const stranger = 'tcp:192.0.2.66:49152';
  const at = world();
  const call = only(at.from('10.0.1.1:5070', request('INVITE', { uri: 'sip:carol@192.0.2.66;transport=tcp' })));
  const lines = [`Route: ${header(call.text, 'Record-Route').split(', ').join(', ')}`];
  const info = { protocol: 'TCP', sentBy: '192.0.2.66:5060', uri: 'sip:alice@10.0.1.1:5070', toTag: 'alice', lines };
  const forwarded = only(at.from(stranger, request('INFO', info)));
  assert.is(forwarded.to, '10.0.1.1:5070');
  at.lose(stranger, 'SIP_FLOW_LOST');
  at.opened.length = 0;
  assert.equal(at.from('10.0.1.1:5070', response(forwarded.text, 200)), []);
  assert.equal(at.opened, []);
  assert.is(at.edge.counters.shed, 1);
});

test('a numeric target by TCP gets a connection opened, once', () => {
  const call = new Call(bobTcp);
  call.fromAlice('INFO');
  assert.equal(call.world.opened, [bobTcp]);
});

test('who came by a connection is reached by that, not by its Contact', () => {
  const call = new Call();
  call.world.opened.length = 0;
  assert.is(only(call.fromBob('INFO')).to, alice);
  assert.equal(call.world.opened, []);
});

test('its lost connection is a lost destination: Wait-For-Session-Update, at once and for ever', () => {
  const call = new Call();
  call.world.lose(alice, 'SIP_FLOW_LOST');
  for (const laterMs of [0, 1000, 3_600_000]) {
    call.world.nowMs += laterMs;
    const { to, text } = only(call.fromBob('INFO', [supported], `z9hG4bK${laterMs}`));
    assert.is(to, bob);
    assert.match(text, /^SIP\/2\.0 430 Flow Failed\r\n/);
    assert.is(header(text, 'P-Dialog-Recovery-Action'), 'Wait-For-Session-Update');
  }
  assert.equal(ladder(call.fromBob('INFO', [])), [`${bob} SIP/2.0 481 Destination Cannot Be Reached`]);
  assert.equal(call.fromBob('ACK', []), []);
  assert.equal(call.world.events, [{ kind: 'destination-lost', address: addressOf(alice) }]);
  const { askedToWait, refused430, refused481 } = call.world.edge.counters;
  assert.equal([askedToWait, refused430, refused481], [3, 3, 1]);
});

test('from its next connection it is told to heal its side, and then both reach each other (figure 2b)', () => {
  const call = new Call();
  const { world: at } = call;
  at.lose(alice, 'SIP_FLOW_LOST');
  const { text } = only(call.fromAlice('INFO', aliceAgain));
  assert.is(header(text, 'P-Dialog-Recovery-Action'), 'Dialog-Route-Set-Update');
  const heal = request('UPDATE', { ...tcp, uri: call.bobUri, toTag: 'bob', lines: [supported] });
  const update = only(at.from(aliceAgain, heal));
  assert.is(update.to, bob);
  assert.is(only(at.from(bob, response(update.text, 200))).to, aliceAgain);
  call.route = header(update.text, 'Record-Route').split(', ');
  assert.is(only(call.fromBob('INFO')).to, aliceAgain);
  assert.is(only(call.fromAlice('INFO', aliceAgain)).to, bob);
});

test('who cannot heal goes on sending from its next connection; so do ACK and CANCEL', () => {
  const call = new Call();
  call.world.lose(alice, 'SIP_FLOW_LOST');
  assert.is(only(call.fromAlice('INFO', aliceAgain, [])).to, bob);
  assert.is(only(call.fromAlice('ACK', aliceAgain)).to, bob);
  assert.is(only(call.fromAlice('CANCEL', aliceAgain, [])).to, bob);
});

test('a second connection beside the first changes nothing', () => {
  const call = new Call();
  assert.is(only(call.fromAlice('INFO', aliceAgain)).to, bob);
  assert.is(only(call.fromBob('INFO')).to, alice);
});

test('a connection that we opened is opened again when it was lost', () => {
  const call = new Call(bobTcp);
  call.world.lose(bobTcp, 'SIP_FLOW_LOST');
  assert.is(only(call.fromAlice('INFO')).to, bobTcp);
  assert.equal(call.world.opened, [bobTcp, bobTcp]);
  assert.equal(call.world.events, []);
});

test('if that fails, whoever waited for it is told to wait for the far end (§16.9)', () => {
  const call = new Call(bobTcp);
  const { world: at } = call;
  at.lose(bobTcp, 'SIP_FLOW_LOST');
  at.dead.add(bobTcp);
  at.opens = false;
  assert.equal(call.fromAlice('INFO'), []);
  assert.equal(call.fromAlice('UPDATE', alice, []), []);
  assert.equal(call.fromAlice('ACK'), []);
  const sent = at.answerOpens();
  assert.equal(ladder(sent), [
    `${alice} SIP/2.0 430 Flow Failed`,
    `${alice} SIP/2.0 481 Destination Cannot Be Reached`,
  ]);
  assert.is(header(sent[0]?.text ?? '', 'P-Dialog-Recovery-Action'), 'Wait-For-Session-Update');
  assert.is(header(sent[0]?.text ?? '', 'Via'), `SIP/2.0/TCP ${aliceListens};branch=z9hG4bKalice1`);
  assert.equal(ladder(call.fromAlice('INFO')), [`${alice} SIP/2.0 430 Flow Failed`]);
  assert.equal(at.opened, [bobTcp, bobTcp]);
  const { returned, shed } = at.edge.counters;
  assert.equal({ returned, shed }, { returned: 2, shed: 1 });
});

test('a second later it is tried again, and all that comes meanwhile waits for that', () => {
  const call = new Call(bobTcp);
  const { world: at } = call;
  at.lose(bobTcp, 'SIP_FLOW_LOST');
  at.dead.add(bobTcp);
  assert.equal(ladder(call.fromAlice('INFO')), [`${alice} SIP/2.0 430 Flow Failed`]);
  at.nowMs += 1000;
  at.dead.clear();
  at.opens = false;
  assert.equal(call.fromAlice('INFO'), []);
  assert.equal(call.fromAlice('BYE'), []);
  assert.equal(
    at.answerOpens().map(({ to, text }) => `${to} ${text.split(' ')[0]}`),
    [`${bobTcp} INFO`, `${bobTcp} BYE`],
  );
  assert.equal(
    at.events.map(({ kind }) => kind),
    ['destination-lost', 'destination-returned'],
  );
});

test('a client on the list by its UDP port is known by each of its connections', () => {
  const at = world({ clients: [aliceListens, bob] });
  assert.is(only(at.from(alice, request('INVITE', { ...tcp, uri: `sip:bob@${bob}` }))).to, bob);
  assert.match(only(at.from('tcp:10.0.1.9:49152', request('INVITE', tcp))).text, /^SIP\/2\.0 403 /);
  assert.match(only(at.from('10.0.1.1:5071', request('INVITE'))).text, /^SIP\/2\.0 403 /);
});

test('an edge without UDP understands a URI without a transport by what it has', () => {
  const at = new World({ locals: [addressOf(`tcp:${edgeAt}`)], clients: ['10.0.1.1'] });
  const lines = [`Route: <sip:${edgeAt};lr>`];
  const { to, text } = only(at.from(alice, request('INVITE', { ...tcp, uri: `sip:bob@${bob}`, lines })));
  assert.is(to, bobTcp);
  assert.match(recordRoute(text), /;transport=tcp;lr>$/);
});

test('what a stream carried and a datagram cannot gets 513', () => {
  const at = world();
  const body = 'x'.repeat(65_500);
  const message = (uri: string): Sent => only(at.from(alice, request('MESSAGE', { ...tcp, uri, body })));
  assert.match(message(`sip:bob@${bob}`).text, /^SIP\/2\.0 513 Message Too Large for UDP\r\n/);
  assert.is(message(`sip:bob@${bob};transport=tcp`).to, bobTcp);
  assert.is(at.edge.counters.refused413, 1);
});

test('a body that is too large is answered, and the connection closed: nothing behind it can be read', () => {
  const at = world();
  for (const [fault, status] of [
    ['body-too-large', '413 Request Entity Too Large'],
    ['head-too-large', '513 Message Too Large'],
    ['content-length', '400 Malformed Content-Length'],
  ] as const) {
    const client = `tcp:10.0.1.1:${status.slice(0, 3)}`;
    const refused = request('MESSAGE', { ...tcp, uri: `sip:bob@${bob}`, body: 'x' });
    const sent = at.refuse(client, refused.slice(0, refused.indexOf('\r\n\r\n') + 4), fault);
    assert.equal(ladder(sent), [`${client} SIP/2.0 ${status}`]);
    assert.is(at.closed.at(-1), client);
    assert.equal(at.refuse(client, response(refused, 200), fault), [], 'a response gets no answer');
  }
  const { refused413, refused400, droppedMalformed } = at.edge.counters;
  assert.equal([refused413, refused400, droppedMalformed], [2, 1, 3]);
});

test.run();
