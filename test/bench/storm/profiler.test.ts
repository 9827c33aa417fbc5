import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test.run();
