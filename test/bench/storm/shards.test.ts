import { suite } from 'uvu';
import { storms } from './storms.ts';

const test = suite('Storms of a stack on two shards');

test('udp: by one port, each dialog heals where it is', async () =>
  void (await storms('udp', 'dead-hop', ['--shards', '2'])));

test('tcp: by one port', async () => void (await storms('tcp', 'dead-hop', ['--shards', '2'])));

test('udp: by a port for each', async () =>
  void (await storms('udp', 'far-end', ['--shards', '2', '--per-shard-ports'])));

test('tcp: by a port for each', async () =>
  void (await storms('tcp', 'dead-hop', ['--shards', '2', '--per-shard-ports'])));

test.run();
