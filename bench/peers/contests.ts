import { End } from '../calls/end.ts';
import { warmUp } from '../calls/warm-up.ts';
import { ours } from '../figures.ts';
import type { Contestant } from './cast.ts';
import { ProcessFamily } from './process-family.ts';
import type { Held, Measured } from './row.ts';
import { callBySipp, SippCallee } from './sipp.ts';

/** Dialogs that are held are set up at this rate at most: it is their memory that is looked at. */
const holdPerSecondMax = 1_000;

/** Calls at one rate. */
export interface Load {
  readonly callsPerSecond: number;
  readonly seconds: number;
}

/** SIPp calls SIPp. */
export async function sippWithItself({ callsPerSecond, seconds }: Load, stop: AbortController): Promise<Measured[]> {
  const calls = callsPerSecond * seconds;
  const callee = await SippCallee.start();
  try {
    const called = await callBySipp(callee.port, calls, callsPerSecond, stop.signal);
    const { cpuMs, rssSize } = callee.family;
    const counts = await callee.counts();
    const retransmissions = called.retransmissions + counts.retransmissions;
    const both = { who: 'SIPp', against: 'SIPp', asked: callsPerSecond, failed: calls - called.ended } as const;
    const common = { ...both, perSecond: called.perSecond, retransmissions };
    return [
      { ...common, role: 'caller', cpuPerCallUs: (1000 * called.cpuMs) / calls, rssSize: called.rssSize },
      { ...common, role: 'callee', cpuPerCallUs: (1000 * cpuMs) / calls, rssSize },
    ];
  } finally {
    await callee.end();
  }
}

/** SIPp calls our stack, once a raw far end has warmed it up. */
export async function sippCallsUs(
  us: Contestant,
  { callsPerSecond, seconds }: Load,
  stop: AbortController,
): Promise<Measured> {
  const calls = callsPerSecond * seconds;
  const caller = await End.farEnd({ transport: 'udp', as: 'uac' }, stop);
  await warmUp(caller, us.port, { callsPerSecond, seconds }).finally(() => caller.end());
  const before = us.family.cpuMs;
  const called = await callBySipp(us.port, calls, callsPerSecond, stop.signal);
  return {
    ...{ who: us.who, role: us.role, against: 'SIPp', asked: callsPerSecond, perSecond: called.perSecond },
    ...{ failed: calls - called.ended, retransmissions: called.retransmissions },
    ...{ cpuPerCallUs: (1000 * (us.family.cpuMs - before)) / calls, rssSize: us.family.rssSize },
  };
}

/** Our stack calls SIPp. */
export async function weCallSipp(load: Load, stop: AbortController): Promise<Measured> {
  const callee = await SippCallee.start();
  try {
    const spread = { shards: 0, perShardPorts: false };
    const us = await End.stack({ transport: 'udp', callsPerSecond: load.callsPerSecond, held: 0, ...spread }, stop);
    return await weCall(us, callee, load).finally(() => us.end());
  } finally {
    await callee.end();
  }
}

async function weCall(us: End, callee: SippCallee, { callsPerSecond, seconds }: Load): Promise<Measured> {
  const calls = callsPerSecond * seconds;
  const family = new ProcessFamily(us.pid);
  await warmUp(us, callee.port, { callsPerSecond, seconds });
  const repeatedBefore = (await callee.counts()).retransmissions;
  const before = family.cpuMs;
  const { ended, perSecond } = await us.call(callee.port, calls, callsPerSecond);
  const cpuMs = family.cpuMs - before;
  return {
    ...{ who: ours, role: 'caller', against: 'SIPp', asked: callsPerSecond, perSecond, failed: calls - ended },
    retransmissions: (await callee.counts()).retransmissions - repeatedBefore,
    ...{ cpuPerCallUs: (1000 * cpuMs) / calls, rssSize: family.rssSize },
  };
}

/** A raw far end calls. */
export async function rawCalls(
  contestant: Contestant,
  { callsPerSecond, seconds }: Load,
  stop: AbortController,
): Promise<Measured> {
  const calls = callsPerSecond * seconds;
  const caller = await End.farEnd({ transport: 'udp', as: 'uac' }, stop);
  try {
    await warmUp(caller, contestant.port, { callsPerSecond, seconds });
    const { repetitions: earlier } = await caller.look();
    const before = contestant.family.cpuMs;
    const { ended, perSecond } = await caller.call(contestant.port, calls, callsPerSecond);
    const cpuMs = contestant.family.cpuMs - before;
    const { repetitions } = await caller.look();
    return {
      ...{ who: contestant.who, role: contestant.role, against: 'raw far end', asked: callsPerSecond, perSecond },
      failed: calls - ended,
      retransmissions: repetitions.received + repetitions.sent - earlier.received - earlier.sent,
      ...{ cpuPerCallUs: (1000 * cpuMs) / calls, rssSize: contestant.family.rssSize },
    };
  } finally {
    await caller.end();
  }
}

/**
 * A raw far end calls, and holds its calls; then as many again. What the second half adds is what a dialog takes: the first one has brought
 * the room for their transactions, and everything that grows but once.
 */
export async function hold(
  contestant: Contestant,
  dialogs: number,
  settleS: number,
  stop: AbortController,
): Promise<Omit<Held, 'ratioToOurs'>> {
  const caller = await End.farEnd({ transport: 'udp', as: 'uac' }, stop);
  try {
    const look = async (): Promise<{ readonly rssSize: number; readonly told: number }> => {
      await caller.call(contestant.port, dialogs, Math.min(dialogs, holdPerSecondMax), true);
      await pause(settleS, stop.signal);
      const told = await contestant.settle();
      return { rssSize: contestant.family.rssSize, told };
    };
    const before = await look();
    const after = await look();
    return {
      who: contestant.who,
      dialogs,
      rssPerDialog: (after.rssSize - before.rssSize) / dialogs,
      toldPerDialog: (after.told - before.told) / dialogs,
    };
  } finally {
    await caller.end();
  }
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, 1000 * seconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
