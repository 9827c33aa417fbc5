import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { targetOf } from '../../../../bench/storm/far-end/address-book.ts';
import { Answers, answerExtraMax } from '../../../../bench/storm/far-end/answers.ts';
import { FarEnd, type HopSide } from '../../../../bench/storm/far-end/far-end.ts';
import { HeaderId } from '../../../../core/message/header.ts';
import { Message } from '../../../../core/message/message.ts';

const test = suite('Answers of the far end of the storm');

/** A request as our stack writes it. */
function request(method: string, dialog: number, sequence: number, tag = `;tag=f0000000${dialog}`): Buffer {
  return Buffer.from(
    [
      `${method} ${targetOf(dialog, 'udp')} SIP/2.0`,
      'Via: SIP/2.0/UDP 127.0.0.1:9000;rport;branch=z9hG4bK000010001b9f9dnrttngfa',
      'Max-Forwards: 70',
      'From: <sip:127.0.0.1:9000>;tag=pbkb6fdis4est8k6eps91mhkpa',
      `To: <${targetOf(dialog, 'udp')}>${tag}`,
      'Call-ID: 17qgfslnkmnc5vhdjdbolq020i',
      `CSeq: ${sequence} ${method}`,
      'Contact: <sip:127.0.0.1:9000>',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

/** Two hops with a far end, and what it answers: read by the stack's own parser, or nothing. */
function scene() {
  const farEnd = new FarEnd(10);
  const hops: readonly HopSide[] = [5001, 5002].map((port, index) => ({ index, answers: new Answers(port, 'udp') }));
  const ask = (hop: number, bytes: Buffer): Message | undefined => {
    const out = Buffer.alloc(bytes.length + answerExtraMax + 7);
    // A message may stand anywhere, and so may its answer.
    const padded = Buffer.concat([Buffer.from('xxx'), bytes]);
    const end = farEnd.receive(padded, 3, bytes.length, hops[hop] as HopSide, out, 7);
    if (end === 7) return undefined;
    const message = new Message();
    assert.is(message.scan(out.subarray(7, end)), undefined);
    assert.is(message.size, end - 7);
    return message;
  };
  return { farEnd, ask };
}

function line(message: Message | undefined, header: HeaderId): string {
  const at = message?.first(header) ?? -1;
  if (message === undefined || at === -1) return '';
  return Buffer.from(message.bytes.subarray(message.valueStart(at), message.valueEnd(at))).toString();
}

test('an INVITE is answered 200, with the route of its hop, a tag, a Contact and a session description', () => {
  const { ask, farEnd } = scene();
  const message = ask(0, request('INVITE', 3, 1, ''));
  assert.equal([message?.status, message?.cseq.method, message?.cseq.number], [200, 'INVITE', 1]);
  assert.is(message?.text(message.to.tag), 'f00000003');
  assert.is(message?.text(message.from.tag), 'pbkb6fdis4est8k6eps91mhkpa');
  assert.is(message?.text(message.callId), '17qgfslnkmnc5vhdjdbolq020i');
  assert.is(message?.text(message.via.branch), 'z9hG4bK000010001b9f9dnrttngfa');
  assert.is(line(message, HeaderId.RecordRoute), '<sip:127.0.0.1:5001;lr>');
  assert.match(line(message, HeaderId.Contact), 'sip:uas@');
  assert.match(message?.text(message.body) ?? '', 'v=0');
  assert.equal([farEnd.carriedBy(0), farEnd.carriedBy(1)], [1, 0]);
  assert.is(farEnd.identities.callId(3), '17qgfslnkmnc5vhdjdbolq020i');
  assert.is(farEnd.identities.tag(3), 'pbkb6fdis4est8k6eps91mhkpa');
});

test('an UPDATE moves the dialog to the hop that it came by, and brings the route', () => {
  const { ask, farEnd } = scene();
  ask(0, request('INVITE', 3, 1, ''));
  const message = ask(1, request('UPDATE', 3, 2));
  assert.is(message?.status, 200);
  assert.is(line(message, HeaderId.RecordRoute), '<sip:127.0.0.1:5002;lr>');
  assert.match(line(message, HeaderId.Supported), 'ms-dialog-route-set-update');
  assert.equal([farEnd.carriedBy(0), farEnd.carriedBy(1), farEnd.counts.heals], [0, 1, 1]);
  assert.equal([farEnd.counts.healSize, farEnd.counts.answerSize], [request('UPDATE', 3, 2).length, message?.size]);
});

test('a hop that does not know the dialog refuses with what heals it', () => {
  const { ask, farEnd } = scene();
  ask(0, request('INVITE', 3, 1, ''));
  assert.is(ask(0, request('INFO', 3, 2))?.status, 200);
  assert.is(ask(1, request('INFO', 3, 3))?.recoveryAction.dialog, true);
  farEnd.forget(0);
  const refused = ask(0, request('INFO', 3, 4));
  assert.equal([refused?.status, refused?.recoveryAction.dialog], [430, true]);
  farEnd.waits = true;
  assert.is(ask(0, request('INFO', 3, 5))?.recoveryAction.wait, true);
  assert.equal([farEnd.counts.infos, farEnd.counts.refused], [1, 3]);
});

test('OPTIONS and BYE are answered 200, ACK is not answered', () => {
  const { ask, farEnd } = scene();
  ask(0, request('INVITE', 3, 1, ''));
  assert.is(ask(0, request('ACK', 3, 1)), undefined);
  assert.is(ask(0, request('BYE', 3, 2))?.status, 200);
  const probe = Buffer.from(
    request('OPTIONS', 3, 1, '')
      .toString()
      .replace(/^To: .*$/m, 'To: <sip:127.0.0.1:5001>'),
  );
  assert.is(ask(0, probe)?.status, 200);
  const { acks, byes, probes, foreign } = farEnd.counts;
  assert.equal({ acks, byes, probes, foreign }, { acks: 1, byes: 1, probes: 1, foreign: 0 });
});

test('what comes again is answered again, and counted apart', () => {
  const { ask, farEnd } = scene();
  for (let times = 0; times < 2; times++) assert.is(ask(0, request('INVITE', 3, 1, ''))?.status, 200);
  for (let times = 0; times < 3; times++) assert.is(ask(0, request('UPDATE', 3, 2))?.status, 200);
  const { invites, heals, repeated } = farEnd.counts;
  assert.equal({ invites, heals, repeated }, { invites: 1, heals: 1, repeated: 3 });
});

test('requests of other layouts, and of dialogs that there are not, are told apart', () => {
  const { ask, farEnd } = scene();
  const plain = request('INVITE', 3, 1, '');
  ask(0, plain);
  // As long as the one before, but with its lines elsewhere.
  const moved = Buffer.from(
    plain.toString().replace('Max-Forwards: 70\r\n', '').replace('\r\nContact', '\r\nMax-Forwards: 70\r\nContact'),
  );
  assert.is(moved.length, plain.length);
  assert.is(ask(0, moved)?.status, 200);
  assert.is(ask(0, Buffer.from('INFO sip:a SIP/2.0\r\n\r\n')), undefined);
  assert.is(ask(0, Buffer.from(plain.toString().replaceAll('u00000003', 'u00000099'))), undefined);
  assert.is(farEnd.counts.foreign, 2);
});

test.run();
