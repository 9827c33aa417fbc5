import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Application } from '../../core/index.ts';
import type { FlowId } from '../../transport/index.ts';
import { farAnswer, host, world } from '../engine/world.ts';
import { answerPort, assertAnswer } from './answer.ts';
import { archived } from './archive.ts';
import { tortureMessages } from './torture-messages.ts';

const test = suite('A listening stack that gets the torture messages (RFC 4475, RFC 5118)');

const nearPort = 5060;
const sourcePort = 6000;

/** What a stack whose program takes every call says to these datagrams within ten seconds, and the calls that it gets. */
async function hear(
  ...datagrams: Uint8Array[]
): Promise<{ answers: { bytes: Uint8Array; port: number }[]; calls: string[] }> {
  const ground = world();
  const calls: string[] = [];
  const application: Application = {
    onCall: (call) => {
      calls.push(call.callId);
      call.answer({ body: farAnswer }).catch(() => undefined);
    },
  };
  const near = await ground.stack('near', nearPort, { application });
  let flow: FlowId | undefined;
  const nothing = (): void => undefined;
  const sender = await ground.transport(sourcePort).open(
    {
      flowOpen: (id) => {
        flow = id;
      },
      openFailed: nothing,
      flowLost: nothing,
      message: nothing,
      messageRefused: nothing,
      turnedAway: nothing,
      warning: nothing,
    },
    { clock: ground.clock, shard: 31 },
  );
  sender.openFlow(1, { protocol: 'udp', host, port: nearPort }, { connected: false });
  await ground.clock.run(1);
  for (const bytes of datagrams) if (flow !== undefined) sender.send(flow, bytes);
  await ground.clock.run(10_000);
  const sent = ground.network.log.filter(({ from }) => from.port === nearPort);
  await ground.take(near.destroy());
  await sender.destroy();
  return { answers: sent.map((each) => ({ bytes: each.bytes, port: each.to.port })), calls };
}

for (const each of tortureMessages) {
  test(`${each.name}: ${each.answer === '' ? 'silence' : each.answer}`, async () => {
    const { answers, calls } = await hear(each.bytes);
    // What it says it may say again, as a 2xx without an ACK: but nothing else.
    assert.is(
      new Set(answers.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))).size,
      each.answer === '' ? 0 : 1,
    );
    for (const { bytes, port } of answers) {
      assertAnswer(each.bytes, bytes, each);
      assert.is(port, answerPort(each, sourcePort));
    }
    assert.is(calls.length, /^INVITE /.test(textOf(each.bytes)) && each.answer === '200 OK' ? 1 : 0);
  });
}

test('RFC 4475 §3.2.1: requests whose branch is the cookie alone are told apart by RFC 2543’s rules', async () => {
  const text = textOf(archived('badbranch'));
  const answered = async (...texts: string[]): Promise<string[]> => {
    const { answers } = await hear(...texts.map((each) => new TextEncoder().encode(each)));
    return answers.map(({ bytes }) => /^Call-ID: (\w+).*^CSeq: (\d+)/ms.exec(textOf(bytes))?.slice(1).join(' ') ?? '');
  };
  assert.equal(await answered(text, text.replace('Call-ID: bad', 'Call-ID: other')), ['badbranch 8', 'otherbranch 8']);
  assert.equal(await answered(text, text.replace('CSeq: 8', 'CSeq: 9')), ['badbranch 8', 'badbranch 9']);
});

test.run();

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
