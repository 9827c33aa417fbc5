import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { trafficSince } from '../bench/route-death/traffic.ts';
import { memoryNetwork, VirtualClock } from '../transport/index.ts';
import { CountedTransport } from './counted-transport.ts';
import { Recorder } from './transport/recorder.ts';

const test = suite('A transport that counts what is sent');

const bytes = new TextEncoder().encode('OPTIONS sip:10.0.0.9 SIP/2.0\r\n\r\n');

for (const protocol of ['udp', 'tcp'] as const) {
  test(`${protocol}: what is sent counts, whether it arrives or not, and connects where there are any`, async () => {
    const clock = new VirtualClock();
    const network = memoryNetwork({ clock, seed: 1 });
    const counted = new CountedTransport(network[protocol]({ host: '10.0.0.1', port: 5060 }));
    const recorder = new Recorder();
    const open = await counted.open(recorder, { clock, shard: 0 });
    const before = [counted.traffic];
    open.openFlow(1, { protocol, host: '10.0.0.9', port: 5060 }, { connected: false });
    await clock.run(100);
    const flow = recorder.flow(1);
    if (protocol === 'udp' && flow !== undefined) open.send(flow, bytes);
    const expected = protocol === 'udp' ? { messages: 1, connects: 0 } : { messages: 0, connects: 1 };
    assert.equal(trafficSince(before, [counted.traffic]), expected);
    await open.destroy();
  });
}

test.run();
