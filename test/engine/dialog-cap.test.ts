import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { nearOffer, noted } from './world.ts';

const test = suite('The cap on dialogs (RFC 3261 §21.5.4)');

test('at the cap a call gets 503 with Retry-After; dialogs go on in both directions; the place of one that ends is free again', async () => {
  const log: string[] = [];
  const ground = await bed({
    stack: {
      limits: { dialogs: 2, transactions: 100 },
      application: {
        ...noted(log),
        onCall: (incoming) => {
          incoming.answer({ body: nearOffer }).catch(() => log.push('not answered'));
        },
        onRequest: (request) => request.respond(200),
      },
    },
  });
  const { hop, other, clock, take, nearPort } = ground;
  const [first, second] = [await call(ground), await call(ground)];
  const invite = async (callId: string): Promise<RawDialog> => {
    const raw = RawDialog.toward(hop, nearPort, callId);
    raw.request('INVITE', { body: nearOffer });
    await clock.run(5);
    return raw;
  };

  await invite('call-1');
  const [refusal] = hop.responses('INVITE');
  assert.is(refusal?.status, 503);
  assert.match(refusal?.header('Retry-After') ?? '', /^\d+$/);

  for (const { dialog, raw } of [first, second]) {
    assert.is((await take(dialog.request('INFO'))).status, 200);
    raw.request('INFO');
  }
  await clock.run(5);
  assert.equal(
    [...hop.responses('INFO'), ...other.responses('INFO')].map(({ status }) => status),
    [200, 200],
  );

  await take(first.dialog.bye());
  const raw = await invite('call-2');
  const accepted = hop.responses('INVITE').at(-1);
  assert.is(accepted?.status, 200);
  if (accepted !== undefined) raw.acknowledge(accepted);
  await clock.run(5);
  await invite('call-3');
  assert.is(hop.responses('INVITE').at(-1)?.status, 503);
  assert.is((await take(ground.near.counts())).dialogs, 2);
  raw.request('BYE');
  await clock.run(5);
  assert.is(hop.responses('BYE').at(-1)?.status, 200);
  await finish(ground, second.dialog);
});

test.run();
