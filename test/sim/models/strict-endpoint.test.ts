import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ground, onlyDialog } from './ground.ts';

const test = suite('a strict endpoint, RFC 3261');

for (const protocol of ['udp', 'tcp'] as const) {
  test(`calls, asks, refreshes and ends a dialog over ${protocol}`, async () => {
    const ground = new Ground(protocol);
    const near = await ground.endpoint('near', 5060);
    const far = await ground.endpoint('far', 5070);
    const { status, dialog } = await ground.take(near.invite(ground.target(5070)));
    assert.is(status, 200);
    if (dialog === undefined) throw new Error('no dialog');
    await ground.clock.run(10);
    const calling = ground.said();
    assert.equal(calling.slice(0, 1), ['near > far INVITE']);
    assert.equal(calling.slice(-4), ['far established', 'far > near 200 INVITE', 'near established', 'near > far ACK']);
    const other = onlyDialog(far);
    assert.is(other.remoteTag, dialog.localTag);
    assert.is((await ground.take(near.info(dialog, 7))).status, 200);
    assert.is((await ground.take(far.info(other, 8))).status, 200);
    assert.is((await ground.take(far.update(other, false))).status, 200);
    assert.is((await ground.take(near.update(dialog, true))).status, 200);
    assert.is((await ground.take(far.reinvite(other))).status, 200);
    await ground.clock.run(10);
    assert.is((await ground.take(far.bye(other))).status, 200);
    assert.equal(ground.said(), [
      'near > far INFO',
      'far executed 7',
      'far > near 200 INFO',
      'far > near INFO',
      'near executed 8',
      'near > far 200 INFO',
      'far > near UPDATE',
      'near > far 200 UPDATE',
      'near > far UPDATE',
      'far > near 200 UPDATE',
      'far > near INVITE',
      'near > far 200 INVITE',
      'far > near ACK',
      'far ended local bye',
      'far > near BYE',
      'near ended remote bye',
      'near > far 200 BYE',
    ]);
    await ground.rest();
  });
}

test.run();
