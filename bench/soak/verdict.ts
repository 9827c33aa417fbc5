import type { GrowthVerdict } from './growth.ts';
import { leastShare } from './scenario.ts';

/** What is wrong with a run, the gravest first, and the exit code that says so. */
export const exitCodes = { lost: 3, ended: 4, ghost: 5, unhealed: 6, leak: 7, small: 8 } as const;
export type FaultName = keyof typeof exitCodes;

export interface Fault {
  readonly fault: FaultName;
  readonly words: string;
}

/** What a run is judged by. */
export interface Findings {
  readonly lost: number;
  readonly falselyEnded: number;
  readonly ghosts: number;
  /** Of the breaks of ageing only `unhealed` counts. */
  readonly ageing: readonly { readonly unhealed: number }[];
  readonly breaks: readonly { readonly share: number; readonly unhealed: number }[];
  /** Of resident memory, and of heaps and tables. */
  readonly growth: { readonly rss: GrowthVerdict; readonly counted: GrowthVerdict };
}

/** All that is wrong; nothing, when all is well. */
export function faultsOf({ lost, falselyEnded, ghosts, ageing, breaks, growth }: Findings): Fault[] {
  const unhealed = [...ageing, ...breaks].reduce((sum, each) => sum + each.unhealed, 0);
  const small = breaks.filter(({ share }) => share < leastShare).length;
  const faults: (Fault | undefined)[] = [
    fault('lost', lost, `${count(lost)} lost: nobody ended them, and they do not answer`),
    fault('ended', falselyEnded, `${count(falselyEnded)} falsely ended: nobody had asked for it`),
    fault('ghost', ghosts, `${count(ghosts)} at one end alone`),
    fault('unhealed', unhealed, `${count(unhealed)} not healed within a minute after a break`),
    fault('leak', growth.rss === 'grows' ? 1 : 0, 'resident memory is not steady'),
    fault('leak', growth.counted === 'grows' ? 1 : 0, 'heaps and tables grow'),
    fault('small', small, `${count(small, 'break')} hit less than ${100 * leastShare} % of the dialogs`),
  ];
  return faults.filter((each) => each !== undefined);
}

/** The exit code: that of the gravest fault, or 0. */
export function exitCodeOf(faults: readonly Fault[]): number {
  const [gravest] = faults;
  return gravest === undefined ? 0 : exitCodes[gravest.fault];
}

function fault(name: FaultName, howMany: number, words: string): Fault | undefined {
  return howMany === 0 ? undefined : { fault: name, words };
}

function count(value: number, what = 'dialog'): string {
  return `${value.toLocaleString('en-US')} ${what}${value === 1 ? '' : 's'}`;
}
