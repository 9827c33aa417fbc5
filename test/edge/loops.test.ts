import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, alice, bob, branchOf, edgeAt, header, ladder, linesOf, only, request, World } from './world.ts';

const test = suite('Edge that tells loops from spirals (RFC 3261 §16.3 (4); RFC 5393 §4.2)');

const proxy = '10.0.9.9:5060';
const looped = `${proxy} SIP/2.0 482 Loop Detected`;

/** An edge that sends to a proxy whatever it cannot place. */
function world(): World {
  return new World({ clients: ['10.0.1.1', bob, proxy], defaultTarget: addressOf(proxy) });
}

/** The request as the proxy sends it on, with a Via of its own and its Record-Route. */
function passedOn(text: string, branch: string, change: (line: string) => string | undefined = (line) => line): string {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n').map((line) => change(line));
  const kept = lines.filter((line) => line !== undefined);
  return [start, `Via: SIP/2.0/UDP ${proxy};branch=${branch}`, ...kept, '', body].join('\r\n');
}

test('a request that comes back as it went is a loop: 482, the first time round', () => {
  const at = world();
  const sent = only(at.from(alice, request('INVITE', { uri: 'sip:bob@example.com' })));
  assert.is(sent.to, proxy);
  const answer = only(at.from(proxy, passedOn(sent.text, 'z9hG4bKp1')));
  assert.equal(ladder([answer]), [looped]);
  assert.match(header(answer.text, 'To'), /;tag=/);
  assert.is(at.edge.counters.refused482, 1);
});

test('what comes back for somebody else is a spiral, and goes on with another branch', () => {
  const at = world();
  const sent = only(at.from(alice, request('INVITE', { uri: 'sip:bob@example.com' })));
  const retargeted = passedOn(sent.text, 'z9hG4bKp1', (line) =>
    line.replace('sip:bob@example.com SIP', `sip:bob@${bob} SIP`),
  );
  const spiral = only(at.from(proxy, retargeted));
  assert.is(spiral.to, bob);
  assert.is.not(branchOf(spiral.text), branchOf(sent.text));
  assert.is(linesOf(spiral.text).filter((line) => line.startsWith('Record-Route: ')).length, 2);
});

test('what comes back with fewer Routes is a spiral', () => {
  const at = world();
  const lines = [`Route: <sip:${edgeAt};lr>, <sip:${proxy};lr>, <sip:${edgeAt};lr>`];
  const sent = only(at.from(alice, request('INVITE', { lines })));
  assert.is(sent.to, proxy);
  const popped = passedOn(sent.text, 'z9hG4bKp1', (line) => line.replace(`<sip:${proxy};lr>, `, ''));
  assert.is(only(at.from(proxy, popped)).to, bob);
});

test('a loop through a spiral is a loop', () => {
  const at = world();
  const retarget = (user: string) => (line: string) =>
    line.replace(/sip:\w+@example.com SIP/, `sip:${user}@example.com SIP`);
  const first = only(at.from(alice, request('INVITE', { uri: 'sip:bob@example.com' })));
  const second = only(at.from(proxy, passedOn(first.text, 'z9hG4bKp1', retarget('carol'))));
  assert.is(second.to, proxy);
  assert.equal(ladder(at.from(proxy, passedOn(second.text, 'z9hG4bKp2', retarget('bob')))), [looped]);
});

test('another transaction of the same call is no loop, nor is one that only quotes our Via', () => {
  const at = world();
  const uri = 'sip:bob@example.com';
  const first = only(at.from(alice, request('INVITE', { uri })));
  const via = `Via: ${header(first.text, 'Via').split(', ')[0]}`;
  assert.is(only(at.from(alice, request('INVITE', { uri, cseq: 2, lines: [via] }))).to, proxy);
  assert.is(only(at.from(alice, request('INVITE', { uri, callId: 'call-2', lines: [via] }))).to, proxy);
  const foreign = via.replace(edgeAt, '10.0.0.9:5060');
  assert.is(only(at.from(alice, request('INVITE', { uri, lines: [foreign] }))).to, proxy);
});

test('Vias that others wrote are theirs, well formed or not, in one line or many', () => {
  const at = world();
  const uri = 'sip:bob@example.com';
  const first = only(at.from(alice, request('INVITE', { uri })));
  const ours = header(first.text, 'Via').split(', ')[0];
  const odd = [
    'Via: nonsense',
    'Via: SIP/2.0/UDP x;a="b,c;d";e;branch',
    'Via: SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK',
  ];
  for (const line of odd) assert.is(only(at.from(alice, request('INVITE', { uri, lines: [line] }))).to, proxy, line);
  for (const lines of [[...odd, `v: ${ours}`], [`Via: SIP/2.0/UDP x;y="\\"" ,\r\n ${ours}`]]) {
    assert.equal(ladder(at.from(alice, request('INVITE', { uri, lines }))), [`${alice} SIP/2.0 482 Loop Detected`]);
  }
});

test('the branch does not depend on the method, nor on Max-Forwards', () => {
  const at = world();
  const branch = (method: string, maxForwards = '70', toTag?: string): string => {
    const parts = { uri: 'sip:bob@example.com', maxForwards, ...(toTag === undefined ? {} : { toTag }) };
    return branchOf(only(at.from(alice, request(method, parts))).text);
  };
  const invite = branch('INVITE');
  assert.is(branch('CANCEL', '69'), invite);
  assert.is(branch('ACK', '70', 'bob'), invite);
});

test('an ACK that loops is dropped: nothing answers it', () => {
  const at = world();
  const sent = only(at.from(alice, request('ACK', { uri: 'sip:bob@example.com', toTag: 'bob' })));
  assert.equal(at.from(proxy, passedOn(sent.text, 'z9hG4bKp1')), []);
});

test('two edges that send each other what neither can place: one round, and the caller hears of it', () => {
  const otherAt = '10.0.0.2:5060';
  const places = new Map([
    [edgeAt, new World({ clients: ['10.0.1.1', otherAt], defaultTarget: addressOf(otherAt) })],
    [otherAt, new World({ locals: [addressOf(otherAt)], clients: [edgeAt], defaultTarget: addressOf(edgeAt) })],
  ]);
  const log: string[] = [];
  let [source, message] = [alice, { to: edgeAt, text: request('INVITE', { uri: 'sip:bob@example.com' }) }];
  for (let at = places.get(message.to); at !== undefined; at = places.get(message.to)) {
    const next = only(at.from(source, message.text));
    source = message.to;
    message = next;
    log.push(`${source} > ${ladder([message])[0]}`);
  }
  assert.equal(log, [
    `${edgeAt} > ${otherAt} INVITE sip:bob@example.com SIP/2.0`,
    `${otherAt} > ${edgeAt} INVITE sip:bob@example.com SIP/2.0`,
    `${edgeAt} > ${otherAt} SIP/2.0 482 Loop Detected`,
    `${otherAt} > ${edgeAt} SIP/2.0 482 Loop Detected`,
    `${edgeAt} > ${alice} SIP/2.0 482 Loop Detected`,
  ]);
});

test('Max-Breadth is somebody else’s: nothing is forked here', () => {
  const { text } = only(new World().from(alice, request('INVITE', { lines: ['Max-Breadth: 5'] })));
  assert.is(header(text, 'Max-Breadth'), '5');
  assert.is(header(only(new World().from(alice, request('INVITE'))).text, 'Max-Breadth'), '');
});

test.run();
