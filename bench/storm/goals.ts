import { atMost, type Goal } from '../figures.ts';
import type { Results } from './results.ts';
import type { Scenario } from './scenario.ts';

/** The far end has its core to itself; where it used more of it, not we were what all waited for. */
const farEndCpuMax = 0.95;
/** Dialogs that the times of some goals are set for. */
const goalDialogs = 100_000;
/** What fewer of them take cannot be told from what the process takes anyway. */
const weighedDialogs = 10_000;

/** What a storm is to reach. Those of time depend on what broke, and on whether that can be compared. */
export function goalsOf({ fault, transport, dialogs }: Scenario, results: Results): Goal[] {
  const scale = dialogs / goalDialogs;
  const goals = [atMost(0, 'dialogs', 'lost in all rounds', results.lostInAll)];
  const { detectMs, markMs, stormMs, floorMs, ratioToFloor, cpuRatioToFloor, farEndCpu } = results;
  if (fault === 'dead-hop' && transport === 'udp' && ratioToFloor !== null && cpuRatioToFloor !== null) {
    goals.push(
      farEndCpu > farEndCpuMax
        ? atMost(1.5, 'times', 'CPU of a heal to that of the floor', cpuRatioToFloor)
        : atMost(1.5, 'times', 'storm to floor', ratioToFloor),
    );
  }
  if (fault === 'dead-hop' && transport === 'tcp' && stormMs !== null && floorMs !== null) {
    goals.push(atMost(Math.max(600 * scale, 5 * floorMs), 'ms', 'storm', stormMs));
  }
  const { revival } = results;
  if (revival !== undefined) goals.push(atMost(1000, 'ms', 'killed shard serves again', revival.servesAfterMs));
  if (fault === 'silent-hop' && detectMs !== null) goals.push(atMost(1600, 'ms', 'time to detect', detectMs));
  if ((fault === 'silent-hop' || fault === 'dead-hop') && markMs !== null) {
    goals.push(atMost(50 * Math.max(1, scale), 'ms', 'time to mark all dialogs', markMs));
  }
  const { rssPerDialogBytes, heapPerDialogBytes } = results;
  if (dialogs >= weighedDialogs && rssPerDialogBytes !== null && heapPerDialogBytes !== null) {
    goals.push(
      atMost(1024, 'octets', "memory of a dialog, without the program's", rssPerDialogBytes - heapPerDialogBytes),
    );
  }
  return goals;
}
