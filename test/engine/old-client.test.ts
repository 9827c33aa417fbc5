import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { bed } from './bed.ts';
import { farAnswer, host, nearOffer, noted } from './world.ts';

const test = suite('A client of RFC 2543 (RFC 3261 §12.1.1, RFC 4475 §3.4.1)');

const old = '+13035551111';

/** Its requests have neither branch, tag, Contact nor Max-Forwards. */
function request(method: string, cseq: number, lines: readonly string[] = [], body = ''): string {
  const head = [
    `${method} sip:${host}:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:5070`,
    `From: <sip:${old}@${host}:5070;user=phone>`,
    'Call-ID: old-1',
    `CSeq: ${cseq} ${method}`,
    ...lines,
    '',
    body,
  ];
  return head.join('\r\n');
}

test('its call becomes a dialog, in which both ask and it hangs up', async () => {
  const dialogs: Dialog[] = [];
  const log: string[] = [];
  const application = {
    ...noted(log),
    onCall: (call: { answer(content: { body: string }): Promise<Dialog> }) => {
      void call.answer({ body: farAnswer }).then((dialog) => dialogs.push(dialog));
    },
    onRequest: (asked: { respond(status: number): void }) => asked.respond(200),
  };
  const ground = await bed({ stack: { application } });
  const { hop, clock, nearPort, take } = ground;
  const to = `To: <sip:${host}:5060>`;
  hop.send(nearPort, request('INVITE', 1, [to, 'Content-Type: application/sdp'], nearOffer));
  await clock.run(5);
  const [answer] = hop.responses('INVITE');
  assert.is(answer?.status, 200);
  assert.is(answer?.header('From'), `<sip:${old}@${host}:5070;user=phone>`);
  const tagged = `To: ${answer?.header('To')}`;
  assert.match(tagged, ';tag=');
  hop.send(nearPort, request('ACK', 1, [tagged]));
  await clock.run(5);
  const [dialog] = dialogs;
  if (dialog === undefined) throw new Error('no dialog');

  await take(dialog.request('INFO'));
  const info = hop.last('INFO');
  assert.is(info.requestUri, `sip:${old}@${host}:5070;user=phone`);
  assert.is(info.header('To'), `<sip:${old}@${host}:5070;user=phone>`, 'a tag that is null is left out (§12.2.1.1)');

  hop.send(nearPort, request('INFO', 2, [tagged]));
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200);
  hop.send(nearPort, request('BYE', 3, [tagged]));
  await clock.run(5);
  assert.is(hop.responses('BYE').at(-1)?.status, 200);
  assert.equal(log, ['ended remote bye']);
  await ground.rest();
});

test('a client of RFC 3261 has a tag and a Contact, or is refused', async () => {
  const ground = await bed();
  const { hop, clock, nearPort } = ground;
  const to = `To: <sip:${host}:5060>`;
  const now = request('INVITE', 1, [to]).replace('SIP/2.0/UDP 10.0.0.1:5070', '$&;branch=z9hG4bK-new');
  hop.send(nearPort, now);
  hop.send(nearPort, now.replace('user=phone>', '$&;tag=1').replaceAll('new', 'new-2'));
  hop.send(nearPort, request('INVITE', 2, [to]).replace(/From: .*/, 'From: <tel:+1>'));
  await clock.run(5);
  assert.equal(
    hop.received.map(({ text }) => text.split('\r\n', 1)[0]),
    ['SIP/2.0 400 Missing From Tag', 'SIP/2.0 400 Missing Contact', 'SIP/2.0 400 Missing Contact'],
  );
  await ground.rest();
});

test.run();
