import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { alice, bob, edgeAt, header, ladder, linesOf, only, request, response, stranger, World } from './world.ts';

const test = suite('Edge that validates requests (RFC 3261 §16.3)');

const refused = (world: World, text: string): string => only(world.from(alice, text)).text.split('\r\n')[0] ?? '';

test('1: what is needed must be well formed, what is not is left alone, whatever it is', () => {
  const world = new World();
  for (const lines of [['Date: yesterday'], ['Contact: <<>'], ['Session-Expires: soon'], ['Record-Route: nonsense']]) {
    assert.ok(only(world.from(alice, request('INVITE', { lines }))).text.includes(`\r\n${lines[0]}\r\n`), lines[0]);
  }
  assert.is(refused(world, request('INVITE', { lines: ['Route: nonsense'] })), 'SIP/2.0 400 Malformed Route');
  const uri = `sip:bob@${bob}?Subject=x&Priority=y`;
  assert.is(refused(world, request('INVITE', { uri })), 'SIP/2.0 400 Malformed Request-URI', 'RFC 4475 §3.1.2.11');
});

test('1: a method and a header field that nobody knows go on', () => {
  const world = new World();
  const { text } = only(world.from(alice, request('DANCE', { lines: ['X-Tempo: slow'] })));
  assert.match(text, /^DANCE sip:bob@10\.0\.2\.2:5080 SIP\/2\.0\r\n/);
  assert.is(header(text, 'X-Tempo'), 'slow');
});

test('2: a scheme that is no plain SIP gets 416, a stranger’s too', () => {
  const world = new World();
  for (const uri of [
    'tel:+15551234',
    'sips:bob@10.0.2.2',
    'mailto:bob@example.com',
    'nobodyKnowsThisScheme:totallyopaque',
  ]) {
    assert.is(refused(world, request('INVITE', { uri })), 'SIP/2.0 416 Unsupported URI Scheme', uri);
  }
  assert.equal(ladder(world.from(stranger, request('INVITE', { uri: 'tel:1' }))), [
    `${stranger} SIP/2.0 416 Unsupported URI Scheme`,
  ]);
  assert.is(world.edge.counters.refused416, 5);
});

test('2: a Route leads a tel URI on, but neither sips nor a scheme that nobody knows', () => {
  const world = new World();
  const lines = ['Route: <sip:10.0.0.7;lr>'];
  assert.is(only(world.from(alice, request('INVITE', { uri: 'tel:+15551234', lines }))).to, '10.0.0.7:5060');
  for (const uri of ['sips:bob@10.0.2.2', 'mailto:bob@example.com']) {
    assert.is(refused(world, request('INVITE', { uri, lines })), 'SIP/2.0 416 Unsupported URI Scheme', uri);
  }
  const secure = request('INVITE', { lines: ['Route: <sips:10.0.0.7;lr>'] });
  assert.is(refused(world, secure), 'SIP/2.0 416 Unsupported URI Scheme');
});

test('3: Max-Forwards ends at 0, begins at 70, and must be a number', () => {
  const world = new World();
  const message = (maxForwards: string): string => request('MESSAGE', { maxForwards });
  assert.is(refused(world, message('0')), 'SIP/2.0 483 Too Many Hops');
  assert.is(header(only(world.from(alice, message('1'))).text, 'Max-Forwards'), '0');
  assert.is(header(only(world.from(alice, message(''))).text, 'Max-Forwards'), '70');
  for (const wrong of ['many', '-1', '256', '70 70']) {
    assert.is(refused(world, message(wrong)), 'SIP/2.0 400 Malformed Max-Forwards', wrong);
  }
  assert.is(world.edge.counters.refused483, 1);
});

test('3: OPTIONS with Max-Forwards 0 is answered, whatever it asks for (§11)', () => {
  const world = new World();
  for (const source of [alice, stranger]) {
    const { to, text } = only(world.from(source, request('OPTIONS', { maxForwards: '0', sentBy: source })));
    assert.is(to, source);
    assert.match(text, /^SIP\/2\.0 200 OK\r\n/);
  }
});

test('3: OPTIONS for the edge itself is answered with what it can do, to anybody, without state', () => {
  const world = new World();
  const options = request('OPTIONS', { uri: `sip:${edgeAt}`, sentBy: stranger });
  const first = only(world.from(stranger, options));
  assert.is(first.to, stranger);
  assert.match(first.text, /^SIP\/2\.0 200 OK\r\n/);
  assert.match(header(first.text, 'To'), /;tag=[0-9a-v]{12}$/);
  assert.is(header(first.text, 'Supported'), 'ms-dialog-route-set-update');
  assert.ok(linesOf(first.text).some((line) => line.startsWith('Accept:')));
  assert.is(header(first.text, 'Allow'), '');
  assert.equal(only(world.from(stranger, options)), first);
  const routed = request('OPTIONS', { uri: `sip:${edgeAt}`, lines: [`Route: <sip:${edgeAt};lr>`] });
  assert.match(only(world.from(alice, routed)).text, /^SIP\/2\.0 200 OK\r\n/);
  const demanding = request('OPTIONS', { uri: `sip:${edgeAt}`, lines: ['Require: 100rel'] });
  assert.is(header(only(world.from(alice, demanding)).text, 'Unsupported'), '100rel');
  assert.is(world.edge.counters.answered200, 3);
});

test('5: Proxy-Require gets 420 that lists all of it, but not in ACK and CANCEL', () => {
  const world = new World();
  const lines = ['Proxy-Require: gruu, magic', 'Proxy-Require: sec-agree'];
  const { text } = only(world.from(alice, request('INVITE', { lines })));
  assert.match(text, /^SIP\/2\.0 420 Bad Extension\r\n/);
  assert.is(header(text, 'Unsupported'), 'gruu, magic, sec-agree');
  assert.is(only(world.from(alice, request('CANCEL', { lines }))).to, bob);
  assert.is(only(world.from(alice, request('INVITE', { lines: ['Proxy-Require: '] }))).to, bob);
  assert.is(only(world.from(alice, request('INVITE', { lines: ['Require: magic'] }))).to, bob);
  assert.is(world.edge.counters.refused420, 1);
});

test('6: credentials are for whoever asked for them', () => {
  const world = new World();
  const lines = ['Proxy-Authorization: Digest username="a", realm="r"', 'Authorization: Digest username="b"'];
  const forwarded = only(world.from(alice, request('INVITE', { lines })));
  for (const line of lines) assert.ok(linesOf(forwarded.text).includes(line), line);
  const challenge = 'Proxy-Authenticate: Digest realm="r", nonce="n"';
  const { text } = only(world.from(bob, response(forwarded.text, 407, [challenge])));
  assert.ok(linesOf(text).includes(challenge));
});

test('a merged request is no error: it goes on (§16.3)', () => {
  const world = new World();
  const one = request('INVITE', { branch: 'z9hG4bKone' });
  const other = request('INVITE', { branch: 'z9hG4bKother' });
  for (const text of [one, other]) assert.is(only(world.from(alice, text)).to, bob);
});

test.run();
