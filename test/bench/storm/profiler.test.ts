import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Profiler } from '../../../bench/storm/profiler.ts';

const test = suite('Profiler of the storm');

test('writes a profile for each storm, into a folder that it makes, and none without a start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-profile-'));
  try {
    const profiles = join(folder, 'new');
    const profiler = new Profiler(profiles);
    await profiler.stop();
    for (let storm = 0; storm < 2; storm++) {
      await profiler.start();
      await profiler.stop();
    }
    assert.equal(readdirSync(profiles), ['storm-0.cpuprofile', 'storm-1.cpuprofile']);
    assert.ok('nodes' in JSON.parse(readFileSync(join(profiles, 'storm-1.cpuprofile'), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('has every thread that loads it write one of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-profile-'));
  const module = new URL('../../../bench/storm/profiler.js', import.meta.url).href;
  const worker = new Worker(
    `import('${module}').then(() => require('node:worker_threads').parentPort.on('message', () => {}).postMessage(''))`,
    {
      eval: true,
    },
  );
  try {
    await once(worker, 'message');
    const profiler = new Profiler(folder);
    const written = nameOfNext(folder, /^storm-0-thread-\d+\.cpuprofile$/);
    await profiler.start();
    await profiler.stop();
    assert.ok(await written);
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  }
});

async function nameOfNext(folder: string, pattern: RegExp): Promise<string | undefined> {
  for await (const { filename } of watch(folder)) if (filename !== null && pattern.test(filename)) return filename;
  return undefined;
}

test.run();
