import { closeSync, openSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Order, Report } from '../../bench/sim/orders.ts';
import { type Canary, plant } from './canary.ts';
import { DistCopy, distFolder } from './dist-copy.ts';
import type { Game } from './game.ts';
import type { Plan } from './plan.ts';
import { Player, planIn } from './player.ts';

/** So many characters of a log are written at once. */
const logChunkSize = 65_536;

/** What a worker plays. */
export interface Work {
  readonly game: Game;
  readonly canaries: readonly Canary[];
  /** The file that was started. */
  readonly workerFile: string;
}

/** Takes orders from the process that started this one, until that process goes. */
export function work(job: Work): void {
  if (process.send === undefined) throw new Error('a worker of the simulator is started by sipmend-bench sim');
  // The parent hears of them too, and says when to stop.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  process.once('disconnect', () => process.exit(1)); // the parent has gone
  const player = new Player(job.game);
  process.on('message', (order: Order) => {
    void follow(player, order, job).then(() => tell({ report: 'done' }));
  });
  void tell({ report: 'ready' });
}

async function follow(player: Player, order: Order, job: Work): Promise<void> {
  try {
    await carryOut(player, order, job);
  } catch (error) {
    await tell({ report: 'refused', why: error instanceof Error ? error.message : String(error) });
  }
}

async function carryOut(player: Player, order: Order, { canaries, workerFile }: Work): Promise<void> {
  switch (order.order) {
    case 'play':
      for (let seed = order.seeds.from; seed <= order.seeds.to; seed++)
        await play(player, player.planOf(seed, order.size), order.log);
      return;
    case 'play-plan':
      return play(player, planIn(order.plan), order.log);
    case 'explain': {
      const explanation = await player.explain(order.what, order.size, () => void tell({ report: 'busy' }));
      if (explanation !== undefined) await tell({ report: 'explained', explanation });
      return;
    }
    case 'name-canaries':
      return tell({ report: 'canaries', names: canaries.map(({ name }) => name) });
    case 'plant': {
      const canary = canaries.find(({ name }) => name === order.canary);
      if (canary === undefined)
        throw new Error(`there is no canary '${order.canary}': ${canaries.map(({ name }) => name).join(', ')}`);
      const copy = new DistCopy(order.folder);
      plant(canary, copy);
      return tell({ report: 'planted', says: canary.says, worker: join(copy.dist, relative(distFolder, workerFile)) });
    }
  }
}

async function play(player: Player, plan: Plan, logFile: string | undefined): Promise<void> {
  if (logFile === undefined) return tell({ report: 'played', outcome: await player.play(plan) });
  const file = openSync(logFile, 'w');
  try {
    let chunk = '';
    const log = (line: string): void => {
      chunk += `${line}\n`;
      if (chunk.length < logChunkSize) return;
      writeSync(file, chunk);
      chunk = '';
    };
    const outcome = await player.play(plan, { log });
    writeSync(file, chunk);
    return tell({ report: 'played', outcome });
  } finally {
    closeSync(file);
  }
}

function tell(report: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(report, () => resolve()));
}
