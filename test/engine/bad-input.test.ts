import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { RawPeer, type Sip } from './raw-peer.ts';
import { host } from './world.ts';

const test = suite('What peers get wrong');

const base = {
  start: `OPTIONS sip:${host}:5060 SIP/2.0`,
  via: `Via: SIP/2.0/UDP ${host}:5070;rport;branch=z9hG4bK-bad`,
  from: 'From: <sip:a@b>;tag=1',
  to: `To: <sip:${host}:5060>`,
  callId: 'Call-ID: bad-1',
  cseq: 'CSeq: 1 OPTIONS',
};

function text(changes: Partial<Record<keyof typeof base, string>>, ...more: string[]): string {
  const lines = Object.values({ ...base, ...changes }).filter((line) => line !== '');
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
}

test('a malformed request is answered with a status and a phrase that name the fault', async () => {
  const ground = await bed();
  const { hop, clock, nearPort } = ground;
  const seen: string[] = [];
  for (const [expected, message] of [
    ['400 Malformed From', text({ from: 'From: <sip:a@b' })],
    ['400 More Than One Call-ID', text({}, 'i: again')],
    ['400 CSeq Names Another Method', text({ cseq: 'CSeq: 1 INFO' })],
    ['400 Malformed CSeq', text({ cseq: 'CSeq: 2147483648 OPTIONS' })],
    ['505 Version Not Supported', text({ start: `OPTIONS sip:${host}:5060 SIP/3.0` })],
    ['400 Body Shorter Than Content-Length', text({}, 'Content-Length: 10')],
    ['400 Malformed Content-Length', text({}, 'Content-Length: ten')],
    ['513 Too Many Header Fields', text({}, ...Array.from({ length: 300 }, () => 'X: y'))],
  ] as const) {
    const before = hop.received.length;
    hop.send(nearPort, message);
    await clock.run(5);
    // Probes and their answers are kept apart, and so is whatever answers an OPTIONS without a dialog.
    seen.push(`${expected} ${hop.received.length - before}`);
    const answer = ground.network.log.findLast(({ from }) => from.port === nearPort);
    const [line = '', ...lines] = new TextDecoder().decode(answer?.bytes).split('\r\n');
    assert.is(line, `SIP/2.0 ${expected}`);
    assert.ok(
      lines.some((each) => /^To: .*;tag=/.test(each)),
      `the answer has a tag of its own (§8.2.6.2): ${lines.join('\n')}`,
    );
  }
  await ground.rest();
});

test('what cannot be answered is met with silence', async () => {
  const ground = await bed();
  const { hop, clock, nearPort, network } = ground;
  await clock.run(10);
  const before = network.log.length;
  const messages = [
    '',
    '\r\n\r\n',
    'hello',
    '\0\0\0\0',
    text({ via: '' }),
    text({ cseq: '' }),
    text({ start: 'SIP/2.0 200 OK', from: 'From: <sip:a@b' }),
    text({ start: 'SIP/2.0 2000 OK' }),
    text({ start: 'SIP/2.0 200 OK', via: 'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK-nobody' }),
    text({ start: `ACK sip:${host}:5060 SIP/2.0`, cseq: 'CSeq: 1 ACK', from: 'From: <sip:a@b' }),
    text({ start: `ACK sip:${host}:5060 SIP/2.0`, cseq: 'CSeq: 1 ACK' }),
  ];
  for (const message of messages) hop.send(nearPort, message);
  await clock.run(5);
  assert.is(network.log.length - before, messages.length);
  await ground.rest();
});

test('a request without a To tag that needs a dialog is answered 481, a method that we lack 405, an unknown one 501', async () => {
  const ground = await bed();
  const { hop, clock } = ground;
  for (const [index, method] of ['BYE', 'INFO', 'UPDATE', 'FOO', 'SUBSCRIBE'].entries()) {
    RawDialog.toward(hop, ground.nearPort, `call-${index}`).request(method);
  }
  await clock.run(5);
  assert.equal(
    hop.received.map(({ status }) => status),
    [481, 481, 481, 501, 405],
  );
  for (const response of hop.received.slice(3)) assert.match(response.header('Allow'), 'INVITE');
  for (const response of hop.received) assert.match(response.header('To'), ';tag=');
  await ground.rest();
});

test('an INVITE that can make no dialog is answered 400, with what it lacks', async () => {
  const ground = await bed();
  const { hop, clock, nearPort } = ground;
  const whole = { start: `INVITE sip:${host}:5060 SIP/2.0`, cseq: 'CSeq: 1 INVITE' };
  const contact = 'Contact: <sip:a@b>';
  for (const [index, [expected, changes, ...more]] of (
    [
      ['Missing From Tag', { from: 'From: <sip:a@b>' }, contact],
      ['Missing Contact', {}],
      ['Malformed Contact', {}, 'Contact: *'],
      ['Malformed Contact', {}, 'Contact: <sip:a@b'],
      ['Malformed Contact', {}, 'Contact: <sip:>'],
      ['Contact Is No SIP URI', {}, 'Contact: <tel:+1555>'],
      ['Malformed Record-Route', {}, contact, 'Record-Route: sip:no-brackets'],
      ['Malformed Record-Route', {}, contact, 'Record-Route: <http://a;lr>'],
      ['Malformed Session-Expires', {}, contact, 'Session-Expires: soon'],
      ['Malformed Session-Expires', {}, contact, 'Session-Expires: 90;refresher=both'],
      ['Malformed Min-SE', {}, contact, 'Min-SE: x'],
    ] as const
  ).entries()) {
    const identity = { callId: `Call-ID: bad-${index}`, via: `${base.via}${index}` };
    hop.send(nearPort, text({ ...whole, ...identity, ...changes }, ...more));
    await clock.run(5);
    assert.is(hop.received.at(-1)?.text.split('\r\n', 1)[0], `SIP/2.0 400 ${expected}`);
  }
  await ground.rest();
});

test('a refresh that is malformed is answered 400, with what is wrong, and refreshes nothing', async () => {
  const ground = await bed();
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  for (const [expected, contact, ...headers] of [
    ['Malformed Contact', 'sip:'],
    ['Contact Is No SIP URI', 'mailto:a@b'],
    ['Malformed Session-Expires', 'sip:moved@10.0.0.9', 'Session-Expires: -1'],
    ['Malformed Min-SE', 'sip:moved@10.0.0.9', 'Min-SE: 90 90'],
  ] as const) {
    raw.request('UPDATE', { contact, headers });
    await clock.run(5);
    assert.is(hop.received.at(-1)?.text.split('\r\n', 1)[0], `SIP/2.0 400 ${expected}`);
  }
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, hop.uri);
  await finish(ground, dialog);
});

test('what names a dialog that there is not is answered 481, whatever it is, and an ACK is not answered', async () => {
  const ground = await bed();
  const { hop, clock, nearPort } = ground;
  const { dialog, raw } = await call(ground);
  const methods = ['INVITE', 'UPDATE', 'INFO', 'MESSAGE', 'OPTIONS', 'BYE', 'PRACK', 'REFER', 'FOO'];
  for (const method of methods) raw.request(method, { toTag: 'nobody' });
  raw.request('ACK', { toTag: 'nobody' });
  const unknown = RawDialog.toward(hop, nearPort, 'unknown');
  unknown.remote += ';tag=nobody';
  for (const method of methods) unknown.request(method);
  unknown.request('CANCEL');
  await clock.run(5);
  const statuses = hop.received.filter(({ status }) => status > 0).map(({ status, method }) => `${status} ${method}`);
  const expected = [...methods, ...methods, 'CANCEL'].map((method) => `481 ${method}`);
  assert.equal(statuses.sort(), expected.sort());
  await ground.take(dialog.request('INFO'));
  await finish(ground, dialog);
});

test('a malformed response is met with silence, whatever it answers, and the whole one is taken after it', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, clock, nearPort, take } = ground;
  const broken = (request: Sip): string[] => {
    const ok = request.text.replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n');
    return [
      ok.replace('SIP/2.0 200', 'SIP/2.0 20'),
      ok.replace('SIP/2.0 200', 'SIP/3.0 200'),
      ok.replace('SIP/2.0 200', 'SIP/2.0 999'),
      ok.replace(/^From:.*\r\n/m, ''),
      ok.replace(/^From:/m, 'From: <sip:a@b>;tag=x\r\nFrom:'),
      ok.replace(/^To: (.*)\r\n/m, 'To: <$1\r\n'),
      ok.replace(/^Call-ID:.*\r\n/m, ''),
      ok.replace(/^CSeq: \d+/m, 'CSeq: x'),
      ok.replace(/^CSeq: (\d+).*\r\n/m, 'CSeq: $1 FOO\r\n'),
      ok.replace(/^Content-Length: \d+/m, 'Content-Length: 9999'),
      ok.replace(/^Content-Length: \d+/m, 'Content-Length: x'),
      ok.replace(/\r\n/g, '\n'),
      ok.slice(0, -2),
    ];
  };
  hop.script = (request) => {
    for (const text of broken(request)) hop.send(nearPort, text);
    return false;
  };
  const { dialog } = await call(ground);
  await take(dialog.request('INFO'));
  await take(dialog.request('UPDATE'));
  await take(dialog.heal());
  await clock.run(10);
  assert.equal((await take(dialog.routeStatus())).attempt, 0);
  await finish(ground, dialog);
});

test('a client that does not ask for symmetric responses is answered at the port of its Via', async () => {
  const ground = await bed();
  const { clock, nearPort } = ground;
  const [sender, listener] = [await RawPeer.open(ground, 'sender', 6001), await RawPeer.open(ground, 'listener', 6002)];
  const dialog = RawDialog.toward(sender, nearPort, 'call-1');
  dialog.request('INFO', { via: `SIP/2.0/UDP ${host}:6002;branch=z9hG4bK-1` });
  dialog.request('MESSAGE', { via: `SIP/2.0/UDP ${host}:6002;rport;branch=z9hG4bK-2` });
  await clock.run(10);
  assert.equal(
    listener.received.map(({ method, status }) => `${status} ${method}`),
    ['481 INFO'],
  );
  assert.equal(
    sender.received.map(({ method, status }) => `${status} ${method}`),
    ['481 MESSAGE'],
  );
  assert.match(sender.received[0]?.header('Via') ?? '', ';rport=6001');
  await ground.rest();
});

test('thousands of clients at thousands of ports leave room for the next one', async () => {
  const ground = await bed({ network: { delayMs: 0 } });
  const { clock, nearPort } = ground;
  const sender = await RawPeer.open(ground, 'sender', 6001);
  for (let port = 10_000; port < 14_200; port++) {
    RawDialog.toward(sender, nearPort, `call-${port}`).request('INFO', {
      via: `SIP/2.0/UDP ${host}:${port};branch=z9hG4bK-${port}`,
    });
    if (port % 100 === 0) await clock.run(40_000);
  }
  const listener = await RawPeer.open(ground, 'listener', 6002);
  RawDialog.toward(sender, nearPort, 'call-1').request('INFO', { via: `SIP/2.0/UDP ${host}:6002;branch=z9hG4bK-1` });
  await clock.run(10);
  assert.is(listener.received.length, 1);
  await ground.rest();
});

test('a response that was meant for another method or dialog changes nothing', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock, log } = ground;
  hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  const info = hop.last('INFO');
  for (const [from, to] of [
    ['INFO', 'BYE'],
    [/branch=z9hG4bK..../.exec(info.header('Via'))?.[0] ?? '', 'branch=z9hG4bKzzzz'],
  ] as const) {
    hop.send(ground.nearPort, info.text.replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n').replaceAll(from, to));
  }
  await clock.run(5);
  assert.equal(ground.seen(), [], log.join('\n'));
  hop.accept(info);
  await clock.run(5);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('a response with a second Via was meant for another, and is dropped (§8.1.3.3)', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  const info = hop.last('INFO');
  const own = `Via: ${info.header('Via')}`;
  const foreign = `SIP/2.0/UDP ${host}:5099;branch=z9hG4bK-foreign`;
  const answer = info.text.replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n');
  for (const via of [`${own}\r\nVia: ${foreign}`, `${own}, ${foreign}`, `${own}\r\nv: ${foreign}`]) {
    assert.ok(answer.includes(own));
    hop.send(ground.nearPort, answer.replace(own, via));
    await clock.run(5);
    assert.equal(ground.seen(), [], via);
  }
  hop.send(ground.nearPort, answer);
  await clock.run(5);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('a call whose answer has a Record-Route that is none is acknowledged, ended, and fails', async () => {
  const ground = await bed();
  ground.hop.recordRoute = ['sip:no-brackets'];
  ground.note('call', ground.near.invite(`sip:bob@${host}:5070`));
  await ground.clock.run(50);
  assert.equal(ground.seen(), ['call failed 503 local', 'ended local bye']);
  assert.equal(
    ground.hop.received.map(({ method }) => method),
    ['INVITE', 'ACK', 'BYE'],
  );
  await ground.rest();
});

test('whatever comes, nothing throws and nothing is left', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, clock, nearPort } = ground;
  const template = [text({}), hop.last('INVITE').text, hop.last('ACK').text];
  raw.request('INFO');
  await clock.run(5);
  template.push(...hop.received.map((message) => message.text));
  const piece = fc.oneof(
    fc.constantFrom('\r\n', ';', '<', '>', '"', ',', '\0', ' ', ':', '=', '@', 'é'),
    fc.string({ maxLength: 5 }),
  );
  const mutant = fc.record({ of: fc.nat(), at: fc.nat(), remove: fc.nat(30), insert: piece });
  const mutants = fc.sample(mutant, { seed: 1, numRuns: 3000 });
  for (const { of, at, remove, insert } of mutants) {
    const original = template[of % template.length] ?? '';
    const from = at % original.length;
    hop.send(nearPort, original.slice(0, from) + insert + original.slice(from + remove));
    if (of % 16 === 0) await clock.run(2);
  }
  await clock.run(10);
  const answered = await ground.take(
    dialog.request('INFO').then(
      () => true,
      () => false,
    ),
  );
  assert.type(answered, 'boolean');
  await ground.take(ground.near.close());
  await clock.runUntilIdle();
});

test.run();
