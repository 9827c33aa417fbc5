import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nearOffer } from '../../engine/world.ts';
import { Ground, host, onlyDialog } from './ground.ts';
import { ours } from './ours.ts';

const test = suite('a strict endpoint and a stack of ours');

for (const protocol of ['udp', 'tcp'] as const) {
  for (const conditions of [{}, { loss: 0.1, duplication: 0.1, reordering: 0.1, jitterMs: 5 }]) {
    const weather = 'loss' in conditions ? 'in bad weather' : 'in good weather';
    test(`deal with each other through a plain proxy over ${protocol}, ${weather}`, async () => {
      const ground = new Ground(protocol, conditions);
      await ground.proxy('proxy', 5080);
      const hop = `sip:${host}:5080${protocol === 'tcp' ? ';transport=tcp' : ''}`;
      const { stack, dialogs } = await ours(ground, 5060, { hops: [hop] });
      const model = await ground.endpoint('model', 5070, { outbound: [{ host, port: 5080 }] });

      const dialog = await ground.take(stack.invite(ground.target(5070), { body: nearOffer }));
      await ground.clock.run(5_000);
      assert.is((await ground.take(dialog.request('INFO', { body: '7', contentType: 'text/plain' }))).status, 200);
      assert.is((await ground.take(model.info(onlyDialog(model), 8))).status, 200);
      assert.is((await ground.take(model.update(onlyDialog(model), false))).status, 200);
      assert.is((await ground.take(model.reinvite(onlyDialog(model)))).status, 200);
      await ground.take(dialog.heal());
      await ground.clock.run(5_000);
      await ground.take(dialog.bye());
      await ground.clock.run(40_000);
      assert.is(model.dialogs.length, 0);

      const called = await ground.take(model.invite(ground.target(5060)));
      assert.is(called.status, 200);
      await ground.clock.run(5_000);
      const [theirs] = dialogs;
      if (called.dialog === undefined || theirs === undefined) throw new Error('no dialog');
      assert.is((await ground.take(theirs.request('INFO', { body: '9', contentType: 'text/plain' }))).status, 200);
      assert.is((await ground.take(model.bye(called.dialog))).status, 200);
      await ground.clock.run(40_000);
      const executed = ground.log.filter((line) => line.includes('executed'));
      assert.equal(executed, ['model executed 7', 'model executed 9']);
      await ground.take(stack.close());
      await ground.rest();
    });
  }
}

test.run();
