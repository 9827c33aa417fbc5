import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Answers } from '../../../../bench/storm/far-end/answers.ts';
import { FarEnd } from '../../../../bench/storm/far-end/far-end.ts';
import type { PlayedHop } from '../../../../bench/storm/far-end/hop.ts';
import { OwnRequests } from '../../../../bench/storm/far-end/own-requests.ts';
import { HeaderId } from '../../../../core/message/header.ts';
import { Message } from '../../../../core/message/message.ts';

const test = suite('Requests of the far end of the storm');

const caller = 'sip:127.0.0.1:9000';

/** A hop that hands over what is sent by it. */
function hop(index: number, port: number, sent: (message: Buffer) => void): PlayedHop {
  const nothing = async (): Promise<void> => undefined;
  return {
    ...{ index, port, received: 0, silent: false, isOpen: true, open: nothing, close: nothing },
    answers: new Answers(port, 'udp'),
    resetConnections: () => undefined,
    send: sent,
  };
}

function invited(farEnd: FarEnd, at: PlayedHop, dialog: number): void {
  const head = [
    `INVITE sip:u0000000${dialog}@192.0.2.1:5060 SIP/2.0`,
    'Via: SIP/2.0/UDP 127.0.0.1:9000;rport;branch=z9hG4bKa',
    `From: <${caller}>;tag=ours${dialog}`,
    `To: <sip:u0000000${dialog}@192.0.2.1:5060>`,
    `Call-ID: call${dialog}`,
    'CSeq: 1 INVITE',
    'Content-Length: 0',
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
  farEnd.receive(bytes, 0, bytes.length, at, Buffer.alloc(2048), 0);
}

test('an UPDATE is one that our stack can read, in its dialog, and moves the dialog when it is answered', async () => {
  const farEnd = new FarEnd(3);
  const seen: Message[] = [];
  const answer = (message: Buffer): void => {
    const update = new Message();
    assert.is(update.scan(message), undefined);
    seen.push(update);
    const via = /Via: .*\r\n/.exec(message.toString())?.[0] ?? '';
    setImmediate(() => {
      const response = Buffer.from(`SIP/2.0 200 OK\r\n${via}\r\n`);
      farEnd.receive(response, 0, response.length, second, Buffer.alloc(0), 0);
    });
  };
  const first = hop(0, 5001, () => undefined);
  const second = hop(1, 5002, answer);
  for (const dialog of [0, 1, 2]) invited(farEnd, first, dialog);
  const requests = new OwnRequests(farEnd, [first, second], { transport: 'udp', window: 2, dialogs: 3 });
  assert.is(await requests.send('UPDATE', 3, caller, 5000, () => 1), 3);
  assert.equal([farEnd.carriedBy(0), farEnd.carriedBy(1)], [0, 3]);
  const [update] = seen;
  assert.equal(
    [update?.method, update?.text(update.callId), update?.text(update.to.tag)],
    ['UPDATE', 'call0', 'ours0'],
  );
  assert.is(update?.text(update.from.tag), 'f00000000');
  assert.is(update !== undefined && update.first(HeaderId.RecordRoute) !== -1, true);
});

test('who is known at no hop is left out; who does not answer is given up', async () => {
  const farEnd = new FarEnd(2);
  let sent = 0;
  const only = hop(0, 5001, () => void sent++);
  invited(farEnd, only, 1);
  const requests = new OwnRequests(farEnd, [only], { transport: 'udp', window: 2, dialogs: 2 });
  assert.is(await requests.send('INFO', 2, caller, 20, (dialog) => farEnd.hopOf(dialog)), 0);
  assert.is(sent, 1);
});

test.run();
