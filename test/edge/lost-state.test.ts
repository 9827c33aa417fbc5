import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  alice,
  bob,
  edgeAt,
  header,
  ladder,
  linesOf,
  only,
  recordRoute,
  request,
  response,
  stranger,
  World,
} from './world.ts';

const test = suite('Edge that detects lost state ([MS-SIPRE] §3.7.5.1)');

const supported = 'Supported: timer, Ms-Dialog-Route-Set-Update';
const far = '10.0.7.7:5070';

/** A call from Alice to `callee`, and how to speak inside it. */
class Call {
  readonly world: World;
  readonly callee: string;
  route: string;

  constructor(world = new World(), callee = bob) {
    this.world = world;
    this.callee = callee;
    this.route = recordRoute(this.send('INVITE', { route: '' })[0]?.text ?? '');
  }

  /** Alice's request inside the dialog. */
  send(
    method: string,
    parts: { readonly route?: string; readonly source?: string; readonly uri?: string; readonly sdr?: boolean } = {},
  ): { to: string; text: string }[] {
    const { route = this.route, source = alice, uri = `sip:bob@${this.callee}`, sdr = true } = parts;
    const lines = [...(route === '' ? [] : [`Route: ${route}`]), ...(sdr ? [supported] : [])];
    const inside = this.route === undefined ? {} : { toTag: 'bob' };
    return this.world.from(source, request(method, { uri, lines, sentBy: source, ...inside }));
  }
}

const lost = `${alice} SIP/2.0 430 Flow Failed`;
const gone = `${alice} SIP/2.0 481 Dialog State Lost Here`;

test('a request with a good token goes on, without its Route', () => {
  const call = new Call();
  const { to, text } = only(call.send('INFO'));
  assert.is(to, bob);
  assert.is(header(text, 'Route'), '');
  assert.is(header(text, 'Record-Route'), '');
});

test('lost state is 430 with Dialog-Route-Set-Update to who offers the option tag, and 481 to who does not', () => {
  const call = new Call();
  call.world.command({ name: 'lose-memory' });
  const { text } = only(call.send('INFO'));
  assert.match(text, /^SIP\/2\.0 430 Flow Failed\r\n/);
  assert.is(header(text, 'P-Dialog-Recovery-Action'), 'Dialog-Route-Set-Update');
  assert.is(header(text, 'To'), '<sip:bob@example.com>;tag=bob');
  const plain = only(call.send('INFO', { sdr: false }));
  assert.match(plain.text, /^SIP\/2\.0 481 /);
  assert.is(header(plain.text, 'P-Dialog-Recovery-Action'), '');
  const { refused430, refused481 } = call.world.edge.counters;
  assert.equal([refused430, refused481], [1, 1]);
});

test('BYE is treated as any request; CANCEL carries no option tag and gets 481; ACK gets silence', () => {
  const call = new Call();
  call.world.command({ name: 'lose-memory' });
  assert.equal(ladder(call.send('BYE')), [lost]);
  assert.equal(ladder(call.send('CANCEL', { sdr: false })), [gone]);
  assert.equal(call.send('ACK'), []);
  assert.equal(call.send('ACK', { sdr: false }), []);
});

test('figure 1: after the loss a route-less UPDATE goes on, its 200 brings a fresh token, and the INFO passes', () => {
  const call = new Call();
  const { world } = call;
  const stale = call.route;
  world.command({ name: 'lose-memory' });
  assert.equal(ladder(call.send('INFO')), [lost]);
  const update = only(call.send('UPDATE', { route: '' }));
  assert.is(update.to, bob);
  assert.is.not(recordRoute(update.text), stale);
  const answer = only(world.from(bob, response(update.text, 200, [`Contact: <sip:bob@${bob}>`])));
  assert.is(answer.to, alice);
  assert.is(recordRoute(answer.text), recordRoute(update.text));
  call.route = recordRoute(answer.text);
  assert.is(only(call.send('INFO')).to, bob);
  assert.equal(ladder(call.send('INFO', { route: stale })), [lost]);
  // The far end took the fresh route from the UPDATE.
  assert.is(only(call.send('INFO', { source: bob, uri: `sip:alice@${alice}` })).to, alice);
});

test('a heal with one Route that names the edge and no token passes as well, from a client', () => {
  const call = new Call();
  call.world.command({ name: 'lose-memory' });
  const update = only(call.send('UPDATE', { route: `<sip:${edgeAt};lr>` }));
  assert.is(update.to, bob);
  assert.is(header(update.text, 'Route'), '');
  assert.is.not(recordRoute(update.text), '');
});

test('a loss forgets routes only: a response to what was sent before it still finds its way', () => {
  const call = new Call();
  const info = only(call.send('INFO'));
  call.world.command({ name: 'lose-memory' });
  assert.is(only(call.world.from(bob, response(info.text, 200))).to, alice);
});

test('two edges do not take each other’s tokens', () => {
  const call = new Call();
  const other = new Call(new World({ random: (target) => void target.fill(7) }));
  assert.equal(ladder(other.send('INFO', { route: call.route })), [lost]);
});

test('a token that is cut, changed, padded or of another dialog is lost state', () => {
  const call = new Call();
  const token = /sip:([0-9a-v]+)@/.exec(call.route)?.[1] ?? '';
  const forge = (forged: string): string => call.route.replace(token, forged);
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === '0' ? '1' : '0') + token.slice(at + 1);
    assert.equal(ladder(call.send('INFO', { route: forge(changed) })), [lost], `changed at ${at}`);
    if (at > 0) assert.equal(ladder(call.send('INFO', { route: forge(token.slice(0, at)) })), [lost], `cut at ${at}`);
  }
  for (const forged of [`${token}0`, `${token}${token}`, token.toUpperCase(), `%30${token.slice(1)}`, 'bob']) {
    assert.equal(ladder(call.send('INFO', { route: forge(forged) })), [lost], forged);
  }
  const sameElsewhere = request('INFO', { callId: 'call-2', toTag: 'bob', lines: [`Route: ${call.route}`, supported] });
  assert.equal(ladder(call.world.from(alice, sameElsewhere)), [lost]);
  assert.is(only(call.send('INFO')).to, bob);
});

test('what makes or may make a dialog, and what refreshes its target, gets a Record-Route (RFC 3261 §16.6 (4))', () => {
  const call = new Call();
  const recorded = (method: string): boolean => recordRoute(only(call.send(method)).text) !== '';
  for (const method of ['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'FOO']) assert.ok(recorded(method), method);
  for (const method of ['ACK', 'BYE', 'CANCEL', 'INFO', 'MESSAGE', 'OPTIONS', 'PRACK', 'PUBLISH', 'REGISTER']) {
    assert.not(recorded(method), method);
  }
});

test('our Record-Route stands above those of others', () => {
  const world = new World();
  const lines = ['Record-Route: <sip:10.0.0.9;lr>;x=1'];
  const { text } = only(world.from(alice, request('INVITE', { lines })));
  const routes = linesOf(text).filter((line) => line.startsWith('Record-Route: '));
  assert.is(routes.length, 2);
  assert.match(routes[0] ?? '', /@10\.0\.0\.1:5060;lr>$/);
  assert.is(routes[1], lines[0]);
});

test('a stranger at the far end of a call reaches the client by its token, whatever its Request-URI says', () => {
  const call = new Call(new World(), far);
  for (const uri of [`sip:alice@${alice}`, 'sip:alice@192.168.0.4', 'sip:alice@alice.example.com', 'sip:10.9.9.9']) {
    assert.is(only(call.send('INFO', { source: far, uri })).to, alice, uri);
  }
  assert.is(call.world.edge.counters.refused403, 0);
});

test('its answers, and the answers to it, go their way', () => {
  const call = new Call(new World(), far);
  const info = only(call.send('INFO', { source: far, uri: `sip:alice@${alice}` }));
  assert.is(only(call.world.from(alice, response(info.text, 200))).to, far);
});

test('another stranger with that token reaches the two ends of the call, and nobody else', () => {
  const call = new Call(new World(), far);
  assert.is(only(call.send('INFO', { source: stranger })).to, far);
  assert.is(only(call.send('INFO', { source: stranger, uri: `sip:alice@${alice}` })).to, alice);
  assert.equal(ladder(call.send('INFO', { source: stranger, uri: 'sip:10.9.9.9' })), [
    `${stranger} SIP/2.0 403 Not a Side of This Dialog`,
  ]);
  assert.equal(ladder(call.send('INFO', { source: stranger, uri: 'sip:alice.example.com' })), [
    `${stranger} SIP/2.0 403 Not a Side of This Dialog`,
  ]);
});

test('a stranger cannot heal: its route-less request gets 403', () => {
  const call = new Call(new World(), far);
  call.world.command({ name: 'lose-memory' });
  assert.equal(ladder(call.send('INFO', { source: far })), [`${far} SIP/2.0 430 Flow Failed`]);
  assert.equal(ladder(call.send('UPDATE', { source: far, route: '' })), [
    `${far} SIP/2.0 403 Not a Client of This Edge`,
  ]);
});

test('a token counts for nothing outside a dialog', () => {
  const call = new Call();
  const { world, route } = call;
  const invite = (source: string): string[] =>
    ladder(world.from(source, request('INVITE', { lines: [`Route: ${route}`], sentBy: source })));
  assert.equal(invite(stranger), [`${stranger} SIP/2.0 403 Not a Client of This Edge`]);
  assert.is(only(world.from(alice, request('INVITE', { lines: [`Route: ${route}`] }))).to, bob);
});

test('a client’s request follows its Request-URI, or the token where that is a name', () => {
  const call = new Call();
  assert.is(only(call.send('INFO', { uri: 'sip:bob@10.0.2.3' })).to, '10.0.2.3:5060');
  assert.is(only(call.send('INFO', { uri: 'sip:bob@phone.example.com' })).to, bob);
});

test.run();
