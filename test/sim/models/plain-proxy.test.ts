import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ground, onlyDialog } from './ground.ts';

const test = suite('a plain proxy, RFC 3261 §16');

for (const [nearProtocol, farProtocol] of [
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
  ['tcp', 'tcp'],
] as const) {
  test(`stays between ${nearProtocol} and ${farProtocol} for all of a dialog`, async () => {
    const ground = new Ground(nearProtocol);
    const near = await ground.endpoint('near', 5060, { outbound: [{ host: '10.0.0.1', port: 5080 }] });
    const far = await ground.endpoint('far', 5070, { protocol: farProtocol });
    await ground.proxy('proxy', 5080);
    const { status, dialog } = await ground.take(near.invite(ground.target(5070, farProtocol)));
    assert.is(status, 200);
    if (dialog === undefined) throw new Error('no dialog');
    await ground.clock.run(10);
    assert.is(dialog.routeSet.length, nearProtocol === farProtocol ? 1 : 2);
    const calling = ground.said();
    assert.equal(calling.slice(0, 3), ['near > proxy INVITE', 'proxy > near 100 INVITE', 'proxy > far INVITE']);
    assert.equal(calling.slice(-5), [
      'far > proxy 200 INVITE',
      'proxy > near 200 INVITE',
      'near established',
      'near > proxy ACK',
      'proxy > far ACK',
    ]);
    assert.is((await ground.take(near.info(dialog, 7))).status, 200);
    assert.is((await ground.take(far.reinvite(onlyDialog(far)))).status, 200);
    await ground.clock.run(10);
    assert.is((await ground.take(far.bye(onlyDialog(far)))).status, 200);
    assert.equal(
      ground.said().filter((line) => !line.includes(' 100 ')),
      [
        'near > proxy INFO',
        'proxy > far INFO',
        'far executed 7',
        'far > proxy 200 INFO',
        'proxy > near 200 INFO',
        'far > proxy INVITE',
        'proxy > near INVITE',
        'near > proxy 200 INVITE',
        'proxy > far 200 INVITE',
        'far > proxy ACK',
        'proxy > near ACK',
        'far ended local bye',
        'far > proxy BYE',
        'proxy > near BYE',
        'near ended remote bye',
        'near > proxy 200 BYE',
        'proxy > far 200 BYE',
      ],
    );
    await ground.rest();
  });
}

test.run();
