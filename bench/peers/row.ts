import { atMost, type Goal, ours } from '../figures.ts';

export type Role = 'caller' | 'callee' | 'proxy';

/** What calls took of somebody. */
export interface Measured {
  /** Us, by the name that our rows carry, or a rival. */
  readonly who: string;
  readonly role: Role;
  readonly against: 'SIPp' | 'raw far end';
  /** Calls a second that were asked for. */
  readonly asked: number;
  readonly perSecond: number;
  readonly failed: number;
  /** Messages that were sent again, as the far end counts them. */
  readonly retransmissions: number;
  /** Of all processes of whoever it is, by the operating system's accounting. */
  readonly cpuPerCallUs: number;
  /** Octets, at the end of the calls. */
  readonly rssSize: number;
}

/** Beside ours. */
export interface Row extends Measured {
  /** CPU of a call divided by that of ours in the same role; of a proxy, which has two sides, by our callee's. Null where we did not play that. */
  readonly ratioToOurs: number | null;
}

/** What a dialog takes that is held open, in octets. The npm package sip keeps none. */
export interface Held {
  readonly who: string;
  readonly dialogs: number;
  /** By which the resident size of all processes grew. */
  readonly rssPerDialog: number;
  /** By which grew what it says itself is in use: of our stack for dialogs alone, of Kamailio in shared memory. */
  readonly toldPerDialog: number;
  /** Of the larger of the two: pages may have been there before, and what is told may leave something out. */
  readonly ratioToOurs: number | null;
}

/** Sets what each holds beside ours. */
export function heldBesideOurs(held: readonly Omit<Held, 'ratioToOurs'>[]): Held[] {
  const own = held.find(({ who }) => who === ours);
  const ourSize = own === undefined ? 0 : sizeOf(own);
  return held.map((each) => ({ ...each, ratioToOurs: ourSize > 0 ? sizeOf(each) / ourSize : null }));
}

function sizeOf({ rssPerDialog, toldPerDialog }: Pick<Held, 'rssPerDialog' | 'toldPerDialog'>): number {
  return Math.max(rssPerDialog, toldPerDialog);
}

/** Sets each beside ours of the same role and rate, against the same far end where we met that. */
export function rowsOf(measured: readonly Measured[]): Row[] {
  return measured.map((each) => {
    const role = each.role === 'proxy' ? 'callee' : each.role;
    const own = measured.filter((other) => other.who === ours && other.role === role && other.asked === each.asked);
    const beside = own.find(({ against }) => against === each.against) ?? own[0];
    return { ...each, ratioToOurs: beside === undefined ? null : each.cpuPerCallUs / beside.cpuPerCallUs };
  });
}

/** The first rate at which SIPp and SIPp had to send something again; undefined where they never had to. */
export function sippLimitOf(measured: readonly Measured[]): number | undefined {
  const repeating = measured.filter(({ who, retransmissions }) => who === 'SIPp' && retransmissions > 0);
  return repeating.length === 0 ? undefined : Math.min(...repeating.map(({ asked }) => asked));
}

/** With SIPp we are to send, and cause, no more again than SIPp with itself at the same rate. */
export function goalsOf(measured: readonly Measured[]): Goal[] {
  return measured.flatMap((each) => {
    const itself = measured.find(({ who, asked }) => who === 'SIPp' && asked === each.asked);
    if (each.who !== ours || each.against !== 'SIPp' || itself === undefined) return [];
    const name = `sent again, SIPp with us as ${each.role}, ${count(each.asked)} a second`;
    return [atMost(itself.retransmissions, 'messages', name, each.retransmissions)];
  });
}

/** Where somebody does with less than we, in words. */
export function lossesOf(rows: readonly Row[], held: readonly Held[]): string[] {
  const losses: string[] = [];
  for (const { who, role, asked, ratioToOurs } of rows) {
    if (who === ours || ratioToOurs === null || ratioToOurs >= 1) continue;
    losses.push(`${who} as ${role} at ${count(asked)} calls a second takes ${ratioToOurs.toFixed(2)} of our CPU`);
  }
  for (const each of held) {
    const { who, ratioToOurs } = each;
    if (who === ours || ratioToOurs === null || ratioToOurs >= 1) continue;
    losses.push(`a dialog of ${who} takes ${count(sizeOf(each))} octets, ${ratioToOurs.toFixed(2)} of ours`);
  }
  return losses;
}

/** The rows as people read them. */
export function tableOf(rows: readonly Row[], held: readonly Held[]): string {
  const columns = [
    'who',
    'role',
    'against',
    'asked',
    'calls/s',
    'failed',
    'sent again',
    'CPU, µs',
    'RSS, MB',
    'of ours',
  ];
  const lines = rows.map((row) => [
    row.who,
    row.role,
    row.against,
    count(row.asked),
    count(row.perSecond),
    count(row.failed),
    count(row.retransmissions),
    row.cpuPerCallUs.toFixed(0),
    (row.rssSize / 1e6).toFixed(0),
    ratio(row.ratioToOurs),
  ]);
  if (held.length === 0) return aligned([columns, ...lines], 3);
  const heldColumns = ['who', 'dialogs', 'RSS a dialog', 'told a dialog', 'of ours'];
  const heldLines = held.map(({ who, dialogs, rssPerDialog, toldPerDialog, ratioToOurs }) => [
    who,
    count(dialogs),
    count(rssPerDialog),
    count(toldPerDialog),
    ratio(ratioToOurs),
  ]);
  return `${aligned([columns, ...lines], 3)}\n\n${aligned([heldColumns, ...heldLines], 1)}`;
}

/** Columns as wide as need be; those of text come first. */
function aligned(lines: readonly (readonly string[])[], texts: number): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, at) => (at < texts ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))))
    .map((line) => `  ${line.join('  ')}`.trimEnd())
    .join('\n');
}

function ratio(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
