import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ProcessFamily } from '../../../bench/peers/process-family.ts';
import { skip } from '../../skip.ts';

const test = suite('Families of processes');

const name = 'a process is accounted for with its children, and without those of others';
if (existsSync('/proc/self/stat')) {
  test(name, async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const family = new ProcessFamily(process.pid);
    assert.ok(family.pids.includes(process.pid) && family.pids.includes(child.pid ?? 0));
    assert.not.ok(family.pids.includes(process.ppid));
    assert.ok(family.cpuMs > 0);
    assert.ok(family.rssSize > 10_000_000);
    child.stdin.end();
    await once(child, 'exit');
  });

  test('one that is gone has used nothing', () => {
    const { pids, cpuMs, rssSize } = new ProcessFamily(2 ** 30);
    assert.equal({ pids, cpuMs, rssSize }, { pids: [], cpuMs: 0, rssSize: 0 });
  });
} else skip(test, name, 'needs /proc');

test.run();
