import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressOf,
  alice,
  bob,
  branchOf,
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

const test = suite('Edge as a stateless proxy (RFC 3261 §16.3–16.7, §16.11)');

test('a request goes on as it came, but for Via, Max-Forwards and Record-Route', () => {
  const world = new World();
  const invite = request('INVITE', {
    lines: ['X-Odd:  kept  as it is', 'Contact: <sip:alice@10.0.1.1:5070>'],
    body: 'v=0',
  });
  const { to, text } = only(world.from(alice, invite));
  assert.is(to, bob);
  const [startLine, record, via, aliceVia, maxForwards, ...rest] = linesOf(text);
  assert.is(startLine, `INVITE sip:bob@${bob} SIP/2.0`);
  assert.match(record ?? '', /^Record-Route: <sip:[0-9a-v]+@10\.0\.0\.1:5060;lr>$/);
  assert.match(via ?? '', /^Via: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;rport;branch=z9hG4bK[0-9a-v]{24}$/);
  assert.is(aliceVia, 'Via: SIP/2.0/UDP 10.0.1.1:5070;rport=5070;branch=z9hG4bKalice1;received=10.0.1.1');
  assert.is(maxForwards, 'Max-Forwards: 69');
  assert.equal(rest, linesOf(invite).slice(3));
  assert.ok(text.endsWith('\r\n\r\nv=0'));
});

test('what a client wrote of its own address is not believed', () => {
  const world = new World();
  const { text } = only(
    world.from(alice, request('MESSAGE', { sentBy: 'alice.example.com', viaParams: ';received=192.0.2.9' })),
  );
  assert.is(linesOf(text)[2], 'Via: SIP/2.0/UDP alice.example.com;branch=z9hG4bKalice1;received=10.0.1.1');
});

test('a response goes back along the Vias, without ours', () => {
  const world = new World();
  const forwarded = only(
    world.from(alice, request('INVITE', { lines: ['Via: SIP/2.0/UDP pbx.example.com;branch=z9hG4bKpbx'] })),
  );
  const { to, text } = only(world.from(bob, response(forwarded.text, 180, ['X-Odd: kept'])));
  assert.is(to, alice);
  assert.match(text, /^SIP\/2\.0 180 Whatever\r\n/);
  assert.is(
    header(text, 'Via'),
    'SIP/2.0/UDP 10.0.1.1:5070;rport=5070;branch=z9hG4bKalice1;received=10.0.1.1, SIP/2.0/UDP pbx.example.com;branch=z9hG4bKpbx',
  );
  assert.is(header(text, 'Record-Route'), header(forwarded.text, 'Record-Route'));
  assert.is(header(text, 'X-Odd'), 'kept');
});

test('Vias in one line, in any case, are split all the same', () => {
  const world = new World();
  const forwarded = only(world.from(alice, request('INVITE')));
  const [ours, theirs] = linesOf(forwarded.text).filter((line) => line.startsWith('Via: '));
  const joined = response(forwarded.text, 200).replace(
    `${ours}\r\n${theirs}\r\n`,
    `v:${ours?.slice(5)} ,\r\n ${theirs?.slice(5)}\r\n`,
  );
  const { to, text } = only(world.from(bob, joined));
  assert.is(to, alice);
  assert.is(header(text, 'Via'), theirs?.slice(5));
  assert.is(linesOf(text).filter((line) => /^v(?:ia)?:/i.test(line)).length, 1);
});

test('without rport a response goes to the port in sent-by, at the address that the request came from', () => {
  const world = new World();
  const sentBy = 'alice.example.com:5099';
  const forwarded = only(world.from(alice, request('OPTIONS', { sentBy, viaParams: '' })));
  assert.is(only(world.from(bob, response(forwarded.text, 200))).to, '10.0.1.1:5099');
});

test('a port that a client has written into rport is not believed: its responses go to the one that it sent from', () => {
  const world = new World();
  const forwarded = only(world.from(alice, request('OPTIONS', { viaParams: ';rport=5099' })));
  assert.is(only(world.from(bob, response(forwarded.text, 200))).to, alice);
  assert.is(only(world.from(alice, request('OPTIONS', { viaParams: ';rport=5099', maxForwards: '0' }))).to, alice);
});

test('a retransmission gets the same branch and the same Record-Route: the same octets', () => {
  const world = new World();
  const invite = request('INVITE');
  const first = only(world.from(alice, invite));
  world.nowMs += 500;
  assert.equal(only(world.from(alice, invite)), first);
});

test('CANCEL and the ACK for a failure get the branch of their INVITE and go its way', () => {
  const world = new World();
  const invite = only(world.from(alice, request('INVITE')));
  const cancel = only(world.from(alice, request('CANCEL')));
  const ack = only(world.from(alice, request('ACK', { toTag: 'bob' })));
  for (const { to, text } of [cancel, ack]) {
    assert.is(to, invite.to);
    assert.is(branchOf(text), branchOf(invite.text));
    assert.is(header(text, 'Record-Route'), '');
  }
});

test('the ACK for a failure follows its INVITE also where that began with a Route of its own', () => {
  const world = new World();
  const lines = [`Route: <sip:alice@${edgeAt};lr>`];
  const invite = only(world.from(alice, request('INVITE', { lines })));
  const ack = only(world.from(alice, request('ACK', { toTag: 'bob', lines })));
  assert.is(ack.to, invite.to);
  assert.is(branchOf(ack.text), branchOf(invite.text));
});

test('another branch, another client: another branch of ours', () => {
  const world = new World();
  const branches = [request('INVITE'), request('INVITE', { branch: 'z9hG4bKalice2' })].map((text) =>
    branchOf(only(world.from(alice, text)).text),
  );
  branches.push(branchOf(only(world.from('10.0.1.1:5071', request('INVITE'))).text));
  assert.is(new Set(branches).size, 3);
});

test('a client of RFC 2543 gets a branch that holds for its transaction alone', () => {
  const world = new World();
  const branch = (method: string, cseq: number, toTag?: string): string => {
    const text = request(method, { branch: '1', cseq, ...(toTag === undefined ? {} : { toTag }) });
    return branchOf(only(world.from(alice, text)).text);
  };
  const invite = branch('INVITE', 1);
  assert.is(branch('INVITE', 1), invite);
  assert.is(branch('CANCEL', 1), invite);
  assert.is(branch('ACK', 1, 'bob'), invite);
  assert.is.not(branch('INVITE', 2), invite);
});

test('its responses come back too', () => {
  const world = new World();
  const forwarded = only(world.from(alice, request('INVITE', { branch: '1' })));
  assert.is(only(world.from(bob, response(forwarded.text, 200))).to, alice);
});

test('a response that answers nothing of ours goes nowhere', () => {
  const world = new World();
  const forwarded = only(world.from(alice, request('INVITE')));
  const honest = response(forwarded.text, 200);
  const forgeries = [
    honest.replace('received=10.0.1.1', 'received=192.0.2.9'),
    honest.replace('branch=z9hG4bKalice1', 'branch=z9hG4bKalice2'),
    honest.replace(/z9hG4bK[0-9a-v]{24}/, `z9hG4bK${'0'.repeat(24)}`),
    honest.replace('SIP/2.0/UDP 10.0.0.1:5060', 'SIP/2.0/UDP 10.0.0.9:5060'),
    honest.replace('SIP/2.0/UDP 10.0.0.1:5060', 'SIP/2.0/TCP 10.0.0.1:5060'),
    honest.replace(/Via: SIP\/2\.0\/UDP 10\.0\.1\.1[^\r]*\r\n/, ''),
    honest.replace(/Via: [^\r]*\r\n/g, ''),
    honest.replace(/Call-ID: [^\r]*\r\n/, ''),
  ];
  for (const forgery of forgeries) assert.equal(world.from(bob, forgery), [], forgery);
  const { droppedResponses, droppedMalformed } = world.edge.counters;
  assert.equal([droppedResponses, droppedMalformed], [forgeries.length - 2, 2]);
  assert.is(only(world.from(bob, honest)).to, alice);
  assert.is(only(world.from(bob, honest.replace('rport=5070', 'rport=9'))).to, alice);
});

test('a malformed request gets 400, from whoever it is; a malformed ACK, response or scrap gets silence', () => {
  const world = new World();
  const broken = (method: string): string => request(method).replace('CSeq: 1 ', 'CSeq: one ');
  assert.match(only(world.from(alice, broken('INVITE'))).text, /^SIP\/2\.0 400 Malformed CSeq\r\n/);
  assert.match(only(world.from(stranger, broken('INVITE'))).text, /^SIP\/2\.0 400 Malformed CSeq\r\n/);
  const badRoute = request('INVITE', { lines: ['Route: sip:10.0.0.9;lr'] });
  assert.match(only(world.from(alice, badRoute)).text, /^SIP\/2\.0 400 Malformed Route\r\n/);
  for (const text of [broken('ACK'), '\r\n\r\n', 'hello', '\0', 'SIP/2.0 200 OK\r\n\r\n']) {
    assert.equal(world.from(alice, text), []);
  }
  assert.is(world.edge.counters.refused400, 3);
});

test('takes its own Routes off, all that stand on top, and follows the next', () => {
  const world = new World();
  const lines = [
    `Route: <sip:${edgeAt};lr>, <sip:10.0.0.1;lr;x=1>`,
    'Route: "Next" <sip:10.0.0.7:5062;lr>;odd=1 , <sip:name.example.com;lr>',
  ];
  const { to, text } = only(world.from(alice, request('INVITE', { lines })));
  assert.is(to, '10.0.0.7:5062');
  assert.is(header(text, 'Route'), '"Next" <sip:10.0.0.7:5062;lr>;odd=1, <sip:name.example.com;lr>');
  assert.match(text, /^INVITE sip:bob@10\.0\.2\.2:5080 SIP\/2\.0\r\n/);
});

test('leaves the Routes alone when none is its own', () => {
  const world = new World();
  const lines = ['Route: <sip:10.0.0.7;lr>', 'X-Between: 1', 'Route:<sip:10.0.0.8;lr>'];
  const { to, text } = only(world.from(alice, request('INVITE', { lines })));
  assert.is(to, '10.0.0.7:5060');
  assert.ok(text.includes('\r\nRoute: <sip:10.0.0.7;lr>\r\nX-Between: 1\r\nRoute:<sip:10.0.0.8;lr>\r\n'));
});

test('speaks to a strict router as it wants it', () => {
  const world = new World();
  const lines = [`Route: <sip:${edgeAt};lr>, <sip:10.0.0.7;old>, <sip:10.0.0.8;lr>`];
  const { to, text } = only(world.from(alice, request('INVITE', { lines })));
  assert.is(to, '10.0.0.7:5060');
  assert.match(text, /^INVITE sip:10\.0\.0\.7;old SIP\/2\.0\r\n/);
  assert.is(header(text, 'Route'), `<sip:10.0.0.8;lr>, <sip:bob@${bob}>`);
});

test('understands a strict router, which puts our Route into the Request-URI', () => {
  const world = new World();
  const uri = recordRoute(only(world.from(alice, request('INVITE'))).text).slice(1, -1);
  const lines = [`Route: <sip:10.0.0.7;lr>, <sip:bob@${bob}>`];
  const { to, text } = only(world.from(alice, request('INFO', { uri, toTag: 'bob', lines })));
  assert.is(to, '10.0.0.7:5060');
  assert.match(text, /^INFO sip:bob@10\.0\.2\.2:5080 SIP\/2\.0\r\n/);
  assert.is(header(text, 'Route'), '<sip:10.0.0.7;lr>');
  assert.equal(ladder(world.from(alice, request('INFO', { uri: uri.replace('sip:', 'sip:0'), toTag: 'bob', lines }))), [
    `${alice} SIP/2.0 481 Dialog State Lost Here`,
  ]);
});

test('follows maddr, and the default port', () => {
  const world = new World();
  const where = (uri: string): string | undefined => world.from(alice, request('MESSAGE', { uri }))[0]?.to;
  assert.is(where('sip:bob@bob.example.com:5070;maddr=10.0.2.9'), '10.0.2.9:5070');
  assert.is(where('sip:bob@10.0.2.9'), '10.0.2.9:5060');
});

test('a name that nobody looks up gets 404, and so do the edge itself and a transport that it does not have', () => {
  const world = new World();
  const refused = (uri: string, lines: string[] = []): string[] =>
    ladder(world.from(alice, request('INVITE', { uri, lines })));
  const name = [`${alice} SIP/2.0 404 Names Are Not Looked Up Here`];
  const transport = [`${alice} SIP/2.0 404 No Such Transport Here`];
  assert.equal(refused('sip:bob@example.com'), name);
  assert.equal(refused(`sip:bob@${bob}`, ['Route: <sip:proxy.example.com;lr>']), name);
  assert.equal(refused(`sip:bob@${edgeAt}`), [`${alice} SIP/2.0 404 Nobody Here and No Default Target`]);
  assert.equal(refused(`sip:bob@${bob};transport=tcp`), transport);
  assert.equal(refused(`sip:bob@${bob};transport=x`), transport);
  assert.is(world.edge.counters.refused404, 5);
});

test('with a default target, that gets what is for the edge or for a name', () => {
  const world = new World({ defaultTarget: addressOf('10.0.3.3:5090') });
  const went = (uri: string, lines: string[] = []): string[] =>
    ladder(world.from(alice, request('INVITE', { uri, lines })));
  assert.equal(went(`sip:bob@${edgeAt};x=1`), ['10.0.3.3:5090 INVITE sip:bob@10.0.3.3:5090 SIP/2.0']);
  assert.equal(went('sip:bob@example.com'), ['10.0.3.3:5090 INVITE sip:bob@example.com SIP/2.0']);
  assert.equal(went(`sip:bob@${bob}`), [`${bob} INVITE sip:bob@${bob} SIP/2.0`]);
  assert.equal(went('sip:bob@example.com', ['Route: <sip:proxy.example.com;lr>']), [
    `${alice} SIP/2.0 404 Names Are Not Looked Up Here`,
  ]);
});

test('an ACK is never answered, and one for an answer of ours goes no further', () => {
  const world = new World();
  const uri = 'sip:bob@example.com';
  const refused = only(world.from(alice, request('INVITE', { uri })));
  const toTag = header(refused.text, 'To').split(';tag=')[1] ?? '';
  assert.equal(world.from(alice, request('ACK', { uri, toTag })), []);
  assert.equal(world.from(alice, request('ACK', { toTag })), []);
  for (const text of [
    request('ACK', { maxForwards: '0' }),
    request('ACK', { uri }),
    request('ACK', { uri: 'tel:1' }),
  ]) {
    assert.equal(world.from(alice, text), []);
  }
  assert.equal(world.from(stranger, request('ACK', { toTag: 'bob' })), []);
});

test('a stranger’s wish is refused, whatever it is', () => {
  const world = new World();
  const wishes = [
    request('INVITE'),
    request('MESSAGE', { uri: 'sip:10.9.9.9' }),
    request('CANCEL'),
    request('UPDATE', { toTag: 'bob' }),
    request('INVITE', { lines: [`Route: <sip:${edgeAt};lr>`] }),
    request('INVITE', { toTag: 'bob', lines: [`Route: <sip:${edgeAt};lr>`] }),
    request('INVITE', { uri: 'sip:bob@example.com' }),
    request('BYE', { toTag: 'bob', lines: ['Route: <sip:10.0.0.9;lr>'] }),
  ];
  for (const wish of wishes) {
    assert.equal(ladder(world.from(stranger, wish)), [`${stranger} SIP/2.0 403 Not a Client of This Edge`], wish);
  }
  assert.is(world.edge.counters.refused403, wishes.length);
  assert.is(world.edge.counters.forwardedRequests, 0);
  assert.equal(world.opened, []);
});

test('a stranger’s Via opens no flow: it is answered where it wrote from', () => {
  const world = new World();
  const wish = request('INVITE', { sentBy: 'victim.example.com:9', viaParams: ';received=10.9.9.9' });
  assert.equal(ladder(world.from(stranger, wish)), [`${stranger} SIP/2.0 403 Not a Client of This Edge`]);
  assert.equal(world.opened, []);
});

test('a client that wants answers on another port gets them there', () => {
  const world = new World();
  const message = request('MESSAGE', { uri: 'sip:bob@example.com', sentBy: '10.0.1.1:5099', viaParams: '' });
  assert.equal(ladder(world.from(alice, message)), ['10.0.1.1:5099 SIP/2.0 404 Names Are Not Looked Up Here']);
});

test('the list of clients can be replaced while it runs', () => {
  const world = new World();
  world.from(stranger, request('INVITE'));
  world.command({ name: 'clients', clients: [stranger] });
  assert.is(only(world.from(stranger, request('INVITE', { sentBy: stranger }))).to, bob);
  assert.equal(ladder(world.from(alice, request('INVITE'))), [`${alice} SIP/2.0 403 Not a Client of This Edge`]);
});

test('IPv6 is IPv6 on both sides', () => {
  const world = new World({ locals: [{ protocol: 'udp', host: '2001:db8::e', port: 5060 }], clients: ['2001:db8::a'] });
  const source = '2001:db8::a:5070';
  const uri = 'sip:bob@[2001:db8:0::b]:5080';
  const { to, text } = only(
    world.from(source, request('INVITE', { uri, sentBy: '[2001:db8::a]:5070', viaParams: '' })),
  );
  assert.is(to, '2001:db8:0:0:0:0:0:b:5080');
  assert.match(recordRoute(text), /^<sip:[0-9a-v]+@\[2001:db8::e\]:5060;lr>$/);
  assert.match(header(text, 'Via'), /^SIP\/2\.0\/UDP \[2001:db8::e\]:5060;rport;/);
  assert.is(only(world.from(to, response(text, 200))).to, source);
  const lines = [`Route: ${recordRoute(text)}`];
  assert.is(only(world.from(source, request('INFO', { uri, toTag: 'bob', lines }))).to, to);
});

test('a message that comes in pieces of nonsense never throws', () => {
  const world = new World();
  const invite = request('INVITE', {
    toTag: 'bob',
    lines: [`Route: <sip:00@${edgeAt};lr>`, 'Supported: timer'],
    body: 'x',
  });
  const answer = response(only(world.from(alice, request('INVITE'))).text, 200);
  for (const text of [invite, answer]) {
    for (let end = 0; end < text.length; end++) {
      world.from(alice, text.slice(0, end));
      world.from(alice, text.slice(end));
      world.from(stranger, `${text.slice(0, end)}\0${text.slice(end + 1)}`);
    }
  }
  assert.is(only(world.from(alice, request('INVITE'))).to, bob);
});

test.run();
