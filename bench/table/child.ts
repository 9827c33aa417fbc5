/** One part of the bench, alone in a process: what is resident is then its own. Sends what it found to its parent. */

import { Laps, rateOf } from '../stopwatch.ts';
import type { Dialogs } from './dialogs.ts';
import type { DialogFigures, Job, Operation, TransactionFigures } from './jobs.ts';
import { MapDialogs } from './map-dialogs.ts';
import { FinishedTransactions, type Traffic } from './server-transactions.ts';
import { TableDialogs } from './table-dialogs.ts';

/** So many are done first: then the code is compiled, and its memory is not counted. */
const warmUpCount = 5_000;

/** Of these the best counts: the machine has other work. */
const rounds = 3;

/** So many requests come again, to see that they are absorbed. */
const repeatsMax = 1000;

const [job, count] = JSON.parse(process.argv[2] ?? '[]') as [Job, number];
const collect: () => void = globalThis.gc ?? (() => {});

process.send?.(figures());
process.disconnect();

function figures(): DialogFigures | TransactionFigures {
  switch (job) {
    case 'dialogs':
      return dialogFigures((size) => new TableDialogs(size));
    case 'map':
      return dialogFigures((size) => new MapDialogs(size));
    case 'calls':
    case 'requests':
      return transactionFigures(job);
  }
}

function dialogFigures(make: (count: number) => Dialogs): DialogFigures {
  playThrough(make(Math.min(count, warmUpCount)));
  const before = residentSize();
  let dialogs = make(count);
  dialogs.create(new Laps());
  const residentEach = (residentSize() - before) / count;
  const countedEach = dialogs.size / count;
  const { rowSize } = dialogs;
  const plays: Play[] = [];
  for (let round = 0; round < rounds; round++) {
    dialogs = make(0); // lets go of the last one
    collect();
    dialogs = make(count);
    plays.push(playThrough(dialogs));
  }
  return {
    perSecond: {
      create: Math.max(...plays.map(({ perSecond }) => perSecond.create)),
      find: Math.max(...plays.map(({ perSecond }) => perSecond.find)),
      change: Math.max(...plays.map(({ perSecond }) => perSecond.change)),
      walk: Math.max(...plays.map(({ perSecond }) => perSecond.walk)),
      free: Math.max(...plays.map(({ perSecond }) => perSecond.free)),
    },
    longestPauseMs: Math.min(...plays.map(({ longestPauseMs }) => longestPauseMs)),
    residentSize: residentEach,
    countedSize: countedEach,
    rowSize,
    wrong: plays.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

interface Play {
  readonly perSecond: Record<Operation, number>;
  readonly longestPauseMs: number;
  readonly wrong: number;
}

/** Everything that is done with dialogs, from none to all and back. */
function playThrough(dialogs: Dialogs): Play {
  const { length } = dialogs;
  let longestPauseMs = 0;
  let wrong = 0;
  const timed = (operation: (laps: Laps) => number): number => {
    const laps = new Laps();
    const perSecond = rateOf(length, () => {
      wrong += operation(laps);
    });
    longestPauseMs = Math.max(longestPauseMs, laps.longestMs);
    return perSecond;
  };
  const create = timed((laps) => {
    dialogs.create(laps);
    return length - dialogs.count;
  });
  const find = timed((laps) => dialogs.find(laps));
  const change = timed((laps) => dialogs.change(laps));
  const walk = timed(() => length - dialogs.walk());
  const free = timed((laps) => {
    dialogs.free(laps);
    return dialogs.count + dialogs.size;
  });
  return { perSecond: { create, find, change, walk, free }, longestPauseMs, wrong };
}

function transactionFigures(traffic: Traffic): TransactionFigures {
  const warmUp = new FinishedTransactions(Math.min(count, warmUpCount), traffic);
  let wrong = warmUp.finish(new Laps()) + warmUp.end();
  const before = residentSize();
  let perSecond = 0;
  let longestPauseMs = Number.POSITIVE_INFINITY;
  let residentEach = 0;
  let countedEach = 0;
  for (let round = 0; round < rounds; round++) {
    const transactions = new FinishedTransactions(count, traffic);
    const laps = new Laps();
    const rate = rateOf(count, () => {
      wrong += transactions.finish(laps);
    });
    perSecond = Math.max(perSecond, rate);
    longestPauseMs = Math.min(longestPauseMs, laps.longestMs);
    if (round === 0) residentEach = (residentSize() - before) / transactions.count;
    countedEach = transactions.usedSize / transactions.count;
    wrong += transactions.repeat(Math.min(Math.floor(count / 2), repeatsMax));
    wrong += transactions.end();
  }
  const { responseSize } = warmUp;
  return { perSecond, longestPauseMs, residentSize: residentEach, countedSize: countedEach, responseSize, wrong };
}

function residentSize(): number {
  collect();
  return process.memoryUsage.rss();
}
