import type { Growth } from './growth.ts';
import type { Sample } from './samples.ts';

/** What one parser did with one message; null where it is not installed. */
export interface Row {
  readonly name: string;
  readonly kind: 'ours' | 'npm' | 'c';
  readonly message: string;
  readonly perSecond: number | null;
  readonly ratioToOurs: number | null;
  readonly checksum: string | null;
  /** What to do about a parser that is not installed. */
  readonly missing?: string;
}

export interface Goal {
  readonly goal: string;
  readonly isMet: boolean;
}

export interface Results {
  readonly rows: readonly Row[];
  readonly growth: readonly Growth[];
  readonly goals: readonly Goal[];
}

/** So many times as fast as any parser in npm. */
const npmFactor = 5;

/** The goals for one message, against whoever is installed: none is met against nobody. */
export function goalsOf({ name, goal }: Sample, rows: readonly Row[]): readonly Goal[] {
  const measured = rows.filter((row) => row.message === name);
  const ours = measured.find(({ kind }) => kind === 'ours')?.perSecond ?? 0;
  const speedsOf = (kind: Row['kind']): readonly number[] =>
    measured.filter((row) => row.kind === kind).flatMap(({ perSecond }) => perSecond ?? []);
  const [npm, c] = [speedsOf('npm'), speedsOf('c')];
  const goals = [{ goal: `${name}: ${count(goal)} a second on one core`, isMet: ours >= goal }];
  if (c.length > 0) goals.push({ goal: `${name}: ahead of every C stack here`, isMet: ours > Math.max(...c) });
  if (npm.length > 0) {
    goals.push({
      goal: `${name}: ${npmFactor} times as fast as any npm package here`,
      isMet: ours >= npmFactor * Math.max(...npm),
    });
  }
  return goals;
}

/** Names of the parsers that do not read what ours reads, with the message. */
export function disagreements(rows: readonly Row[]): readonly string[] {
  return rows
    .filter(({ checksum, message }) => {
      const ours = rows.find((row) => row.kind === 'ours' && row.message === message)?.checksum;
      return checksum !== null && checksum !== ours;
    })
    .map(({ name, message, checksum }) => `${name} reads other values from the ${message} (${checksum})`);
}

/** The table that a run ends with. */
export function tableOf({ rows, growth, goals }: Results): string {
  return [
    ...rows.map(rowText),
    '',
    '  time to read, best of five        32 KiB     64 KiB    ratio',
    ...growth.map(growthText),
    '',
    ...goals.map(({ goal, isMet }) => `  ${isMet ? 'met   ' : 'missed'}  ${goal}`),
  ].join('\n');
}

function rowText({ name, message, perSecond, ratioToOurs, checksum, missing }: Row): string {
  const start = `  ${message.padEnd(8)}${name.padEnd(20)}`;
  if (missing !== undefined || perSecond === null || ratioToOurs === null) return `${start}${missing ?? ''}`;
  return `${start}${count(perSecond).padStart(12)}/s${ratioToOurs.toFixed(3).padStart(9)} × ours   fields ${checksum}`;
}

function growthText({ way, ms, doubledMs, ratio, isLinear }: Growth): string {
  const time = (value: number): string => `${value.toFixed(3)} ms`.padStart(11);
  return `  ${way.padEnd(29)}${time(ms)}${time(doubledMs)}${ratio.toFixed(2).padStart(9)}${isLinear ? '' : '  too much'}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
