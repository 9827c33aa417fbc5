import { suite } from 'uvu';
import { isWhole, runJob } from './job.ts';

const test = suite('The main job on shards');

const dialogs = 300;

for (const transport of ['udp', 'tcp']) {
  for (const fault of ['dead-hop', 'lost-state']) {
    test(`${transport}, ${fault}: two threads at each end heal every dialog, by one port`, async () => {
      const args = ['--dialogs', String(dialogs), '--shards', '2', '--transport', transport, '--fault', fault];
      isWhole(await runJob(...args), dialogs);
    });
  }
}

test.run();
