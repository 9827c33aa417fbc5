import { Child } from '../child.ts';
import { nowMs } from '../route-death/clock.ts';
import { Progress } from '../route-death/progress.ts';
import type { PeerOrder, PeerReport, PeerSettings, StackOrder, StackReport, StackSettings } from './messages.ts';
import type { Measured } from './results.ts';
import { refreshesIn, type Scenario } from './scenario.ts';

type PeerChild = Child<PeerOrder, PeerReport>;
type StackChild = Child<StackOrder, StackReport>;

const lookMs = 1_000;
/** What adopting has left behind is over by then. */
const restMs = 2_000;

/** Plays a steady state: gives what was measured. @throws when `signal` aborts, or a process dies */
export async function playSteady(scenario: Scenario, stop: AbortController): Promise<Measured> {
  const children: { end(): Promise<void> }[] = [];
  const { dialogs } = scenario;
  const { signal } = stop;
  try {
    const peer = await Child.start<PeerOrder, PeerReport>('steady/peer-process', { dialogs } satisfies PeerSettings);
    children.push(peer.child);
    if (peer.ready.report !== 'ready') throw new Error('the peer reports no start');
    const { local } = peer.ready;
    const start = async (held: number): ReturnType<typeof Child.start<StackOrder, StackReport>> => {
      const settings: StackSettings = { dialogs: held, peer: local };
      const started = await Child.start<StackOrder, StackReport>('steady/stack-process', settings);
      children.push(started.child);
      return started;
    };
    const full = await start(dialogs);
    const empty = await start(0);
    for (const child of [peer.child, full.child, empty.child]) {
      child.onDeath((how) => stop.abort(new Error(how)));
    }
    return await measure(
      scenario,
      { peer: peer.child, full: full.child, empty: empty.child, ready: full.ready },
      signal,
    );
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}

async function measure(
  scenario: Scenario,
  cast: {
    readonly peer: PeerChild;
    readonly full: StackChild;
    readonly empty: StackChild;
    readonly ready: StackReport;
  },
  signal: AbortSignal,
): Promise<Measured> {
  const { peer, full, empty, ready } = cast;
  if (ready.report !== 'ready') throw new Error('a stack reports no start');
  const progress = new Progress();
  let adopted = 0;
  full.hear((report) => {
    if (report.report === 'progress') adopted = report.adopted;
  });
  const asked = full.ask({ order: 'adopt' }, 'adopted', signal);
  const { atMs: adoptedAt } = await progress.during('adopted', scenario.dialogs, () => ({ count: adopted }), asked);
  await sleep(restMs, signal);
  await Promise.all([full, empty].map((stack) => stack.ask({ order: 'begin' }, 'begun', signal)));
  const fromMs = nowMs();
  peer.tell({ order: 'begin', to: ready.local });
  let seen = 0;
  peer.hear((report) => {
    if (report.report === 'counts') seen = report.counts.ours + report.counts.theirs;
  });
  const look = setInterval(() => peer.tell({ order: 'count' }), 10 * lookMs);
  const lasting = sleep(scenario.minutes * 60_000, signal);
  try {
    await progress.during('refreshed', Math.round(refreshesIn(scenario)), () => ({ count: seen }), lasting);
  } finally {
    clearInterval(look);
  }
  const toMs = nowMs();
  const loads = await Promise.all([full, empty].map((stack) => stack.ask({ order: 'finish' }, 'finished', signal)));
  const { seenAt, counts } = await peer.ask({ order: 'stop' }, 'stopped', signal);
  const [ofFull, ofEmpty] = loads.map(({ load }) => load);
  if (ofFull === undefined || ofEmpty === undefined) throw new Error('a stack tells nothing');
  return { adoptedAt, seenAt, fromMs, toMs, peer: counts, full: ofFull, empty: ofEmpty };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, Math.max(0, untilMs - performance.now()))));
  }
  signal.throwIfAborted();
}
