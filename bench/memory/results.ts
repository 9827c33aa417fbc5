import type { MemoryUse } from '../../core/index.ts';
import type { Chart } from '../html/chart.ts';
import type { Rest } from '../storm/messages.ts';
import type { Played } from './play.ts';

const megabyte = 1e6;

/** What machines read. Sizes are octets; those of a dialog are above the empty stack's, at rest. */
export interface Results {
  readonly established: number;
  readonly emptyRssBytes: number;
  /** The largest that was seen from outside. */
  readonly peakRssBytes: number;
  readonly restRssBytes: number;
  readonly rssPerDialogBytes: number | null;
  /** JavaScript's heap: mostly the program's own handles. */
  readonly heapPerDialogBytes: number | null;
  /** As the stack counts: rows, record and index of a dialog, and what is held for them. */
  readonly usedPerDialogBytes: number | null;
  readonly heldPerDialogBytes: number | null;
  /** While calls were set up: dialogs, and RSS with them. */
  readonly steps: readonly { readonly dialogs: number; readonly rssBytes: number; readonly heapBytes: number }[];
}

export function resultsOf({ established, rests, curve }: Played): Results {
  const [empty] = rests;
  const rest = rests.at(-1);
  if (empty === undefined || rest === undefined) throw new Error('nobody has looked');
  const perDialog = (sizeOf: (rest: Rest) => number): number | null =>
    rest.dialogs === 0 ? null : (sizeOf(rest) - sizeOf(empty)) / rest.dialogs;
  const ofTable = (sizeOf: (use: MemoryUse) => number): number | null =>
    rest.dialogs === 0 ? null : sizeOf(rest.memory.dialogs) / rest.dialogs;
  return {
    established,
    emptyRssBytes: empty.rssSize,
    peakRssBytes: Math.max(rest.rssSize, ...(curve.sizes[0]?.octets ?? [])),
    restRssBytes: rest.rssSize,
    rssPerDialogBytes: perDialog(({ rssSize }) => rssSize),
    heapPerDialogBytes: perDialog(({ heapSize }) => heapSize),
    usedPerDialogBytes: ofTable(({ usedSize }) => usedSize),
    heldPerDialogBytes: ofTable(({ heldSize }) => heldSize),
    steps: rests.map(({ dialogs, rssSize, heapSize }) => ({ dialogs, rssBytes: rssSize, heapBytes: heapSize })),
  };
}

/** What people read. */
export function tableOf(results: Results): string {
  const rows: [string, string][] = [
    ['established', results.established.toLocaleString('en-US')],
    ['empty stack', megabytes(results.emptyRssBytes)],
    ['at most', megabytes(results.peakRssBytes)],
    ['at rest', megabytes(results.restRssBytes)],
    ['a dialog at rest', octets(results.rssPerDialogBytes)],
    ['  of it heap', octets(results.heapPerDialogBytes)],
    ['  its row and record', octets(results.usedPerDialogBytes)],
    ['  held for these', octets(results.heldPerDialogBytes)],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(22)}${value.padStart(16)}`).join('\n');
}

export function chartsOf({ curve, rests }: Played): Chart[] {
  const octetsOverTime = curve.sizes[0]?.octets ?? [];
  return [
    {
      title: 'Resident memory over the run',
      kind: 'lines',
      x: { name: 's', values: curve.atS },
      y: 'MB',
      lines: [{ name: 'stack', values: octetsOverTime.map((size) => size / megabyte) }],
    },
    {
      title: 'Memory by dialogs',
      kind: 'lines',
      x: { name: 'dialogs', values: rests.slice(0, -1).map(({ dialogs }) => dialogs) },
      y: 'MB',
      lines: [
        { name: 'resident', values: rests.slice(0, -1).map(({ rssSize }) => rssSize / megabyte) },
        { name: "JavaScript's heap", values: rests.slice(0, -1).map(({ heapSize }) => heapSize / megabyte) },
      ],
    },
  ];
}

function megabytes(size: number): string {
  return `${(size / megabyte).toFixed(1)} MB`;
}

function octets(size: number | null): string {
  return size === null ? '–' : `${Math.round(size).toLocaleString('en-US')} octets`;
}
