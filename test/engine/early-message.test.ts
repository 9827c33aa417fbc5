import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Transport } from '../../transport/index.ts';
import { RawDialog } from './raw-dialog.ts';
import { RawPeer } from './raw-peer.ts';
import { host, noted, obliging, world } from './world.ts';

const test = suite('What comes before the transport has said that it is open');

/** A transport that reports what comes, but says that it is open only when it is let. */
function late(transport: Transport): { readonly transport: Transport; open(): void } {
  let open = (): void => undefined;
  const allowed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    transport: {
      protocol: transport.protocol,
      open: async (listener, context) => {
        const opened = await transport.open(listener, context);
        await allowed;
        return opened;
      },
    },
    open: () => open(),
  };
}

test('is answered as soon as it is: a call of a peer, and a request outside dialogs', async () => {
  const ground = world();
  const { clock, network, log } = ground;
  const peer = await RawPeer.open(ground, 'peer', 5070);
  const slow = late(network.udp({ host, port: 5060 }));
  const opening = ground.stack('near', 5060, { transports: [slow.transport], application: noted(log, obliging) });
  await clock.run(10);
  const raw = RawDialog.toward(peer, 5060, 'early');
  raw.request('INVITE');
  RawDialog.toward(peer, 5060, 'nothing').request('INFO');
  await clock.run(10);
  assert.equal(peer.received, []);
  slow.open();
  const near = await ground.take(opening);
  assert.is(near.locals[0]?.port, 5060);
  await clock.run(10);
  assert.equal(
    peer.received.map(({ method, status }) => `${status} ${method}`).sort(),
    ['200 INVITE', '481 INFO'],
    log.join('\n'),
  );
  const [answer] = peer.responses('INVITE');
  assert.ok(answer);
  raw.acknowledge(answer);
  await clock.run(10);
  assert.is((await ground.take(near.counts())).dialogs, 1);
  raw.request('BYE');
  await clock.run(10);
  assert.is(peer.responses('BYE')[0]?.status, 200);
  await ground.rest();
});

test.run();
