import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram, needs, skip } from '../skip.ts';
import { Capture, type CapturedMessage, mayCapture } from './capture.ts';
import { runJob } from './job.ts';

const test = suite('The main job as others see it');

const dialogs = 300;

const name = 'on the wire each dialog is healed without Route, then carries an INFO each way; nothing is malformed';

async function healsOnTheWire(): Promise<void> {
  const capture = await Capture.start();
  const { code, output } = await runJob('--dialogs', String(dialogs));
  const { messages, malformed, dropped } = await capture.stop();
  assert.is(code, 0, output);
  assert.is(dropped, 0, 'packets that the capture missed');
  assert.is(malformed, 0, 'malformed packets');
  const healed = [...byCallId(messages).values()].filter(isHealed);
  assert.is(healed.length, dialogs, 'Call-IDs healed and used in each direction afterwards');
}

function byCallId(messages: readonly CapturedMessage[]): Map<string, CapturedMessage[]> {
  const calls = new Map<string, CapturedMessage[]>();
  for (const message of messages) {
    const call = calls.get(message.callId);
    if (call === undefined) calls.set(message.callId, [message]);
    else call.push(message);
  }
  return calls;
}

/** A heal of either end and its 200, then an INFO of each end, each with its 200. */
function isHealed(call: readonly CapturedMessage[]): boolean {
  const callerTag = call.find(({ method }) => method === 'INVITE')?.fromTag;
  const heals = call.filter(({ method, hasRoute }) => method === 'UPDATE' && !hasRoute);
  const healedAt = Math.min(...heals.map((heal) => answeredAt(call, heal)));
  const informs = call.filter(({ method, packet }) => method === 'INFO' && packet > healedAt);
  const answered = informs.filter((info) => answeredAt(call, info) < Number.POSITIVE_INFINITY);
  return answered.some(({ fromTag }) => fromTag === callerTag) && answered.some(({ fromTag }) => fromTag !== callerTag);
}

/** Number of the packet with a request's 200; infinite when there is none. */
function answeredAt(call: readonly CapturedMessage[], { packet, method, sequence, fromTag }: CapturedMessage): number {
  const answer = call.find(
    (other) =>
      other.status === 200 &&
      other.packet > packet &&
      other.sequenceMethod === method &&
      other.sequence === sequence &&
      other.fromTag === fromTag,
  );
  return answer?.packet ?? Number.POSITIVE_INFINITY;
}

if (findProgram('tshark') !== undefined && !mayCapture()) {
  skip(test, name, 'this user may not capture on loopback: run it as root');
} else {
  needs(test, 'tshark')(name, healsOnTheWire);
}

test.run();
