import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, createEnds, shardOf, until } from './ends.ts';

const test = suite('Dialogs and their shards');

test('with ports of their own a dialog that is taken back goes to the shard whose port its peer knows', async () => {
  const ends = await createEnds('udp', { perShardPorts: true });
  const { near, farDialogs } = ends;
  const out = await ends.callOut(6);
  await until(() => farDialogs.length === 6);
  for (const dialog of out) {
    const record = await dialog.export({ release: true });
    const local = near.locals[shardOf(dialog)];
    assert.is(record.localAddress, `sip:${local?.host}:${local?.port}`);
    assert.is(record.localContact, undefined);
    const again = await near.adopt(JSON.parse(JSON.stringify(record)));
    assert.is(shardOf(again), shardOf(dialog));
    const { localAddress, ...rest } = await again.export({ release: true });
    const contact = `"Us" <${localAddress};ob>;+sip.instance="<urn:uuid:1>"`;
    assert.is(shardOf(await near.adopt({ ...rest, localContact: contact })), shardOf(dialog));
  }
  for (const dialog of farDialogs) assert.is((await dialog.request('INFO')).status, 200);
  assert.is((await near.counts()).dialogs, 6);
  await ends.close();
});

test('with ports of their own a record that does not say which one its peer knows is refused, unless the peer is told another', async () => {
  const ends = await createEnds('udp', { perShardPorts: true });
  const { near, far, farDialogs } = ends;
  for (const dialog of await ends.callOut(4)) {
    await until(() => farDialogs.some(({ callId }) => callId === dialog.callId));
    const { localAddress, ...record } = await dialog.export({ release: true });
    assert.is(await codeOf(near.adopt(record)), 'SIP_USAGE');
    assert.is(await codeOf(near.adopt({ ...record, localContact: 'sip:us@example.com' })), 'SIP_USAGE');
    assert.is(await codeOf(near.adopt({ ...record, routeStatus: 'recovering' })), 'ok');
    const theirs = farDialogs.find(({ callId }) => callId === dialog.callId);
    // It learns the Contact by the heal; until then it is asked to try again, at the port that it knew.
    while ((await codeOf(theirs?.request('INFO') ?? Promise.reject())) !== 'ok') await new Promise(setImmediate);
  }
  const [theirs] = farDialogs;
  assert.ok(theirs);
  const foreign = await theirs.export({ release: true });
  assert.is(foreign.localAddress, ends.uriOf(far).replace('us@', '').replace(';transport=udp', ''));
  assert.is(await codeOf(near.adopt(foreign)), 'ok', 'as a dialog of another stack goes to one without shards');
  await ends.close();
});

for (const perShardPorts of [false, true]) {
  test(`a dialog that the stack has is not adopted once more${perShardPorts ? ', by ports of their own' : ''}`, async () => {
    const ends = await createEnds('udp', { perShardPorts });
    const { near } = ends;
    const out = await ends.callOut(2);
    const addresses = new Set<string | undefined>();
    for (const dialog of out) {
      const { localAddress, ...record } = await dialog.export();
      addresses.add(localAddress);
      for (const at of [...addresses]) {
        const twice = { ...record, ...(at !== undefined && { localAddress: at }) };
        assert.is(await codeOf(near.adopt(twice)), 'SIP_USAGE');
        assert.is(await codeOf(near.adopt({ ...twice, routeStatus: 'recovering' })), 'SIP_USAGE');
      }
      assert.is(await codeOf(near.adopt({ ...record, routeStatus: 'recovering' })), 'SIP_USAGE');
    }
    const [first] = out;
    assert.ok(first);
    const record = await first.export({ release: true });
    const at = [...addresses].map((localAddress) => ({
      ...record,
      ...(localAddress !== undefined && { localAddress }),
    }));
    const codes = await Promise.all([...at, ...at].map((each) => codeOf(near.adopt(each))));
    assert.equal(codes.toSorted(), ['SIP_USAGE', 'SIP_USAGE', 'SIP_USAGE', 'SIP_USAGE', 'ok'].slice(-codes.length));
    assert.is((await near.counts()).dialogs, 2);
    await ends.close();
  });
}

test('an application in a shard adopts its own dialogs there, and no dialog of another shard', async () => {
  for (const perShardPorts of [false, true]) {
    const ends = await createEnds('udp', {
      perShardPorts,
      application: new URL('./application-module.js', import.meta.url),
    });
    const { farDialogs } = ends;
    const askers = await ends.callOut(2);
    await until(() => farDialogs.length === 2);
    for (const asker of askers) {
      const own: string[] = [];
      for (const dialog of await ends.callOut(2)) {
        const record = await dialog.export({ release: true });
        const asking = farDialogs.find(({ callId }) => callId === asker.callId);
        const content = { contentType: 'application/json', body: JSON.stringify(record) };
        const response = await asking?.request('MESSAGE', content);
        const code = response?.headers.find(({ name }) => name === 'X-Code')?.value;
        own.push(`${shardOf(dialog) === shardOf(asker)} ${code}`);
      }
      assert.equal(own.toSorted(), ['false SIP_USAGE', 'true ok']);
    }
    await ends.close();
  }
});

test('an INVITE that replaces a dialog of another shard is asked to try again, and not told that there is none', async () => {
  const ends = await createEnds('udp', { recovery: { replaces: true } });
  const { near } = ends;
  const [local] = near.locals;
  const [dialog] = await ends.callOut(1);
  assert.ok(local && dialog);
  const { callId, localTag, remoteTag } = await dialog.export();
  const stranger = createSocket('udp4');
  const answers = new Map<string, number>();
  stranger.on('message', (message) => {
    const [head = ''] = message.toString().split('\r\n');
    const isLater = message.includes('\r\nRetry-After: ');
    if (!head.includes(' 100 ')) answers.set(`${head.split(' ')[1]}${isLater ? ' later' : ''}`, answers.size);
  });
  for (let number = 0; answers.size < 2; number++) {
    const replaces = `${callId};to-tag=${localTag};from-tag=${remoteTag}`;
    const via = `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${number}\r\nMax-Forwards: 70\r\n`;
    const parties = `From: <sip:stranger@127.0.0.1>;tag=${number}\r\nTo: <sip:us@127.0.0.1>\r\nCall-ID: replace-${number}\r\n`;
    const rest = `CSeq: 1 INVITE\r\nContact: <sip:127.0.0.1:9>\r\nReplaces: ${replaces}\r\n\r\n`;
    stranger.send(`INVITE sip:us@127.0.0.1 SIP/2.0\r\n${via}${parties}${rest}`, local.port, local.host);
    await once(stranger, 'message');
  }
  assert.equal([...answers.keys()].toSorted(), ['403', '500 later']);
  stranger.close();
  assert.is((await dialog.request('INFO')).status, 200);
  await ends.close();
});

test.run();
