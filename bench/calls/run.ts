import { Progress } from '../route-death/progress.ts';
import { type MemoryCurve, MemoryWatch } from '../storm/memory-curve.ts';
import type { Scenario } from './arguments.ts';
import { End } from './end.ts';
import type { Played } from './results.ts';
import { warmUp } from './warm-up.ts';

/** What a run found, and how memory went. */
export interface Outcome {
  readonly played: Played;
  readonly memory: MemoryCurve;
}

/** Plays a scenario: two processes, a warm-up, and the calls that count. `stop` ends it early, by a rejection. */
export async function play(scenario: Scenario, stop: AbortController, profile?: string): Promise<Outcome> {
  const { as, callsPerSecond, transport, shards } = scenario;
  const farEnd = await End.farEnd({ transport, as: as === 'uac' ? 'uas' : 'uac' }, stop);
  try {
    const settings = { transport, callsPerSecond, held: 0, shards, perShardPorts: false, profile };
    const stack = await End.stack(settings, stop);
    return await measure({ stack, farEnd }, scenario, profile !== undefined).finally(() => stack.end());
  } finally {
    await farEnd.end();
  }
}

async function measure(
  { stack, farEnd }: { readonly stack: End; readonly farEnd: End },
  { as, callsPerSecond, seconds }: Scenario,
  isProfiled: boolean,
): Promise<Outcome> {
  const watch = new MemoryWatch({ stack: stack.pid, 'far end': farEnd.pid });
  try {
    const [caller, callee] = as === 'uac' ? [stack, farEnd] : [farEnd, stack];
    new Progress().line(`a warm-up, then ${callsPerSecond} calls a second for ${seconds} s`);
    const failedBefore = await warmUp(caller, callee.port, { callsPerSecond, seconds });
    if (isProfiled) await stack.profile(true);
    const before = { stack: await stack.look(), farEnd: await farEnd.look() };
    const figures = await caller.call(callee.port, seconds * callsPerSecond, callsPerSecond);
    const after = { stack: await stack.look(), farEnd: await farEnd.look() };
    if (isProfiled) await stack.profile(false);
    const played: Played = {
      figures,
      failedBefore,
      stack: { before: before.stack, after: after.stack },
      farEnd: { before: before.farEnd, after: after.farEnd },
    };
    return { played, memory: watch.stop() };
  } finally {
    watch.stop();
  }
}
