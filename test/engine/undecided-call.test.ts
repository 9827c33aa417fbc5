import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingCall, InviteOptions } from '../../core/index.ts';
import { type Bed, bed, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted } from './world.ts';

const test = suite(
  'Calls that nobody decides, or that are to be made otherwise (RFC 3261 §13.2, §13.3; RFC 4028 §7.3)',
);

const target = `sip:bob@${host}:5070`;

async function invited(
  options: InviteOptions = { body: nearOffer },
  script: (invite: Sip, bed: Bed) => void = () => {},
): Promise<Bed> {
  const ground = await bed();
  ground.hop.script = (request) => {
    if (request.method === 'INVITE') script(request, ground);
    return request.method === 'INVITE';
  };
  ground.note('call', ground.near.invite(target, options));
  await ground.clock.run(10);
  return ground;
}

const invites = ({ hop }: Bed): string[] =>
  hop
    .requests('INVITE')
    .map((invite) => `${invite.cseq} ${invite.header('Session-Expires')} ${invite.header('Min-SE')}`);

test('422 is answered by the same call with the interval that it asks for, as long as it asks for more', async () => {
  const least = [2000, 3000, 3000];
  const ground = await invited({ body: nearOffer }, (invite, { hop }) => {
    const minSe = least.shift();
    if (minSe === undefined) hop.accept(invite);
    else hop.reply(invite, 422, { headers: [`Min-SE: ${minSe}`] });
  });
  assert.equal(invites(ground), ['1 1800 ', '2 2000 2000', '3 3000 3000']);
  const [first, second] = ground.hop.requests('INVITE');
  for (const name of ['Call-ID', 'From', 'To']) assert.is(first?.header(name), second?.header(name), name);
  assert.is.not(first?.header('Via'), second?.header('Via'));
  assert.is(ground.seen().at(-1), 'call failed 422 intermediary', 'it asked for no more than it had');
  await ground.rest();
});

test('a 422 that names no interval, or names new ones for ever, ends the call', async () => {
  const plain = await invited({ body: nearOffer }, (invite, { hop }) => hop.reply(invite, 422));
  assert.is(plain.seen().at(-1), 'call failed 422 intermediary');
  await plain.rest();
  let least = 2000;
  const endless = await invited({ body: nearOffer }, (invite, { hop }) =>
    hop.reply(invite, 422, { headers: [`Min-SE: ${least++}`] }),
  );
  await endless.clock.run(100);
  assert.is(endless.hop.requests('INVITE').length, 6);
  assert.is(endless.seen().at(-1), 'call failed 422 intermediary');
  await endless.rest();
});

test('a redirection is the program’s to follow: it gets the Contacts', async () => {
  const ground = await bed();
  ground.hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    ground.hop.reply(request, 302, {
      headers: ['Contact: <sip:bob@one.example>;q=0.9', 'Contact: <sip:bob@two.example>'],
    });
    return true;
  };
  const heard = ground.near.invite(target, { body: nearOffer }).then(
    () => [],
    (error) => error.response.headers.filter(({ name }: { name: string }) => name === 'Contact'),
  );
  assert.equal(
    (await ground.take(heard)).map(({ value }: { value: string }) => value),
    ['<sip:bob@one.example>;q=0.9', '<sip:bob@two.example>'],
  );
  await ground.rest();
});

test('413, 415, 420 and 491 are told as they are, and the call is not made again', async () => {
  for (const status of [413, 415, 420, 491]) {
    const ground = await invited({ body: nearOffer }, (invite, { hop }) => hop.reply(invite, status));
    assert.is(ground.seen().at(-1), `call failed ${status} intermediary`);
    assert.is(ground.hop.requests('INVITE').length, 1);
    await ground.rest();
  }
});

test('a call with expiresS says so in Expires, and is cancelled when nobody has answered by then', async () => {
  const ground = await invited({ body: nearOffer, expiresS: 20 }, (invite, { hop }) => hop.reply(invite, 180));
  assert.is(ground.hop.last('INVITE').header('Expires'), '20');
  ground.hop.script = (request) => {
    if (request.method === 'CANCEL') {
      ground.hop.reply(request, 200);
      ground.hop.reply(ground.hop.last('INVITE'), 487);
    }
    return request.method === 'CANCEL';
  };
  await ground.clock.run(19_900);
  assert.is(ground.hop.requests('CANCEL').length, 0);
  await ground.clock.run(200);
  assert.is(ground.hop.requests('CANCEL').length, 1);
  assert.is(ground.seen().at(-1), 'call failed 487 intermediary');
  await ground.rest();
});

test('one that is answered as it expires is ended by BYE, and told as a 408', async () => {
  const ground = await invited({ body: nearOffer, expiresS: 20 }, (invite, { hop }) => hop.reply(invite, 180));
  ground.hop.script = (request) => {
    if (request.method === 'CANCEL') ground.hop.accept(ground.hop.last('INVITE'));
    return false;
  };
  await ground.clock.run(20_100);
  assert.ok(ground.seen().includes('call failed 408 local'), ground.log.join('\n'));
  assert.is(ground.hop.requests('BYE').length, 1);
  await ground.rest();
});

test('one that rings for ever is cancelled after half an hour', async () => {
  const ground = await invited({ body: nearOffer }, (invite, { hop }) => hop.reply(invite, 180));
  await ground.clock.run(1_799_000);
  assert.is(ground.hop.requests('CANCEL').length, 0);
  await ground.clock.run(2000);
  assert.is(ground.hop.requests('CANCEL').length, 1);
  await ground.clock.run(40_000);
  assert.is(ground.seen().at(-1), 'call failed 408 local');
  await ground.rest();
});

test('an offer in the 2xx of a call without one is answered in its ACK, each time that it is repeated', async () => {
  const ground = await invited(
    {
      answerOffer: async (offer) => {
        assert.is(new TextDecoder().decode(offer), farAnswer);
        return { body: nearOffer };
      },
    },
    (invite, { hop }) => hop.accept(invite, { body: farAnswer }),
  );
  await ground.clock.run(10);
  ground.hop.accept(ground.hop.last('INVITE'), { body: farAnswer });
  await ground.clock.run(10);
  assert.equal(
    ground.hop.requests('ACK').map((ack) => [ack.body, ack.header('Content-Type')]),
    [
      [nearOffer, 'application/sdp'],
      [nearOffer, 'application/sdp'],
    ],
  );
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('a 2xx that comes again while the program thinks is no other branch', async () => {
  let answer = (_content: { body: string }): void => undefined;
  const ground = await invited({ answerOffer: () => new Promise((resolve) => (answer = resolve)) }, (invite, { hop }) =>
    hop.accept(invite, { body: farAnswer }),
  );
  for (let i = 0; i < 3; i++) ground.hop.accept(ground.hop.last('INVITE'), { body: farAnswer });
  await ground.clock.run(1000);
  assert.equal([ground.hop.requests('ACK').length, ground.hop.requests('BYE').length], [0, 0]);
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  answer({ body: nearOffer });
  await ground.clock.run(10);
  assert.is(ground.hop.last('ACK').body, nearOffer);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('an offer that nobody answers is refused in the ACK, stream by stream, and the call ended', async () => {
  const offer = `${farAnswer}t=3 4\r\nm=audio 4000 RTP/AVP 0 8\r\na=sendrecv\r\nm=video 4002 RTP/AVP 31\r\n`;
  const hears = async (options: InviteOptions): Promise<Bed> => {
    const ground = await invited(options, (invite, { hop }) => hop.accept(invite, { body: offer }));
    await ground.clock.run(33_000);
    assert.equal(ground.hop.last('ACK').body.split('\r\n').slice(4), [
      't=3 4',
      'm=audio 0 RTP/AVP 0 8',
      'm=video 0 RTP/AVP 31',
      '',
    ]);
    assert.is(ground.hop.requests('BYE').length, 1);
    await ground.rest();
    return ground;
  };
  assert.ok((await hears({})).seen().includes('call failed 488 local'));
  assert.ok(
    (await hears({ answerOffer: () => new Promise(() => undefined) })).seen().includes('call failed SIP_ABORTED'),
  );
});

interface Called extends Bed {
  readonly call: IncomingCall;
  readonly raw: RawDialog;
}

async function called(headers: readonly string[] = [], body = nearOffer): Promise<Called> {
  const calls: IncomingCall[] = [];
  const log: string[] = [];
  const ground = await bed({
    stack: {
      application: {
        ...noted(log),
        onCall: (call) => {
          calls.push(call);
          call.signal.addEventListener('abort', () => log.push('over'));
        },
        onSessionChanged: (_dialog, session) => log.push(`session ${new TextDecoder().decode(session).slice(5, 11)}`),
      },
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { headers, body, branch: 'z9hG4bK-call' });
  await ground.clock.run(5);
  const [call] = calls;
  assert.ok(call);
  return { ...ground, call, raw, seen: () => [...ground.seen(), ...log] };
}

const statuses = ({ hop }: Bed): number[] => hop.responses('INVITE').map(({ status }) => status);

test('while it is undecided its caller hears a provisional response every minute, and 480 after half an hour', async () => {
  const ground = await called();
  await ground.clock.run(61_000);
  assert.equal(statuses(ground), [100, 183]);
  ground.call.ring(180);
  await ground.clock.run(120_000);
  assert.equal(statuses(ground), [100, 183, 180, 180, 180]);
  await ground.clock.run(1_800_000);
  assert.is(statuses(ground).at(-1), 480);
  assert.equal(ground.seen(), ['over']);
  await ground.rest();
});

test('with reliable ones it hears one every two and a half minutes, each with its PRACK', async () => {
  const ground = await called(['Require: 100rel']);
  const { hop, raw, clock } = ground;
  const prack = (): void => {
    const ring = hop.responses('INVITE').at(-1);
    raw.remote = ring?.header('To') ?? '';
    raw.request('PRACK', { headers: [`RAck: ${ring?.header('RSeq')} 1 INVITE`] });
  };
  ground.call.ring(183, { body: farAnswer });
  await clock.run(10);
  prack();
  await clock.run(60_200);
  assert.equal(
    statuses(ground).filter((status) => status > 100),
    [183, 183],
  );
  assert.is(hop.responses('INVITE').at(-1)?.body, '', 'the answer itself is not repeated');
  prack();
  await clock.run(140_000);
  assert.is(statuses(ground).filter((status) => status > 100).length, 2);
  await clock.run(10_000);
  assert.is(statuses(ground).filter((status) => status > 100).length, 3);
  prack();
  ground.call.refuse(486);
  await clock.run(10);
  await ground.rest();
});

test('one whose Expires is over is refused with 487', async () => {
  const ground = await called(['Expires: 10']);
  ground.call.ring();
  await ground.clock.run(9900);
  assert.is(statuses(ground).at(-1), 180);
  await ground.clock.run(200);
  assert.is(statuses(ground).at(-1), 487);
  assert.equal(ground.seen(), ['over']);
  await ground.rest();
});

test('the answer to an offer of ours comes with the ACK, and the program hears of it', async () => {
  const ground = await called([], '');
  const answered = ground.call.answer({ body: farAnswer });
  await ground.clock.run(5);
  ground.raw.remote = ground.hop.responses('INVITE').at(-1)?.header('To') ?? '';
  ground.raw.request('ACK', { cseq: 1, body: nearOffer });
  const dialog = await ground.take(answered);
  await ground.clock.run(5);
  assert.ok(ground.seen().includes('session o=near'));
  await finish(ground, dialog);
});

test.run();
