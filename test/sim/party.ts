import type { Happening, LivingDialog } from './happening.ts';
import type { Act, Place } from './plan.ts';

/** Leaves a happening's time to the world. */
export type Told = Happening extends infer H ? (H extends unknown ? Omit<H, 'atMs'> : never) : never;

/** What whoever stands at a place needs of the world. */
export interface Ground {
  readonly seed: number;
  nowMs(): number;
  tell(told: Told): void;
  /** A number for each wish, in order. */
  nextWish(): number;
  wake(afterMs: number, then: () => void): void;
  /** Something was thrown that nobody should throw. */
  threw(what: string, error: unknown): void;
  /** A URI of the other end. */
  target(from: Place): string;
  restoreRegistration(place: Place): void;
}

/** Whoever stands at a place: a program on a stack of ours, or a model's user. */
export interface Party {
  readonly dialogs: readonly LivingDialog[];
  act(act: Act): void;
  /** Heals the dialog of that name, as its user would; false where there is none. */
  heal(name: string): boolean;
  /** Decides nothing by chance from now on, and lets nothing wait for ever. */
  calmDown(): void;
  /** Sends an INFO in each dialog; the numbers begin at `first`. Gives how many. */
  informAll(first: number): number;
  /** Asks for what dialogs are called and where they lead. */
  survey(): Promise<void>;
  /** Has dialogs healed that leave that to the other end. */
  healPassive(): void;
  byeAll(): void;
  /** What is still held: nothing at rest. */
  left(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
  /** The process is gone, and whatever it was about to do. */
  die(): Promise<void>;
}
