import type { Address, FlowId } from '../contract.ts';
import type { HealWindow } from './heal-window.ts';
import type { HopState } from './hop-state.ts';

/** A next hop: what carries dialogs, and what is known of it. */
export interface Hop {
  readonly address: Address;
  /** Value of a Route header that names this hop alone. */
  readonly route: string;
  /** The start of our Via in what goes to it, up to the branch. */
  readonly via: Uint8Array;
  /** One of the program's list: may heal our dialogs and rewrite their routes. */
  listed: boolean;
  weight: number;
  state: HopState;
  /** Undefined while there is none; requests wait for it. */
  flow: FlowId | undefined;
  /** Until then it is known to refuse requests without a Route, and gets one that names it. 0: it takes them, as far as is known. */
  wantsRouteUntilMs: number;
  /** Dialogs whose requests go here. */
  carried: number;
  /** The pacer's: heals under way by this hop. */
  readonly window: HealWindow;
  coolTimer: number;
  /** When something came from it last. */
  heardAtMs: number;
  /** Until then it takes nothing new of ours: Retry-After. */
  notBeforeMs: number;
  holdTimer: number;
  /** Something has come by its present flow. */
  heard: boolean;
  openId: number;
  credit: number;
  head: number;
  probed: boolean;
  answered: boolean;
  misses: number;
  probeTimer: number;
  readonly index: number;
  readonly waiting: ((flow: FlowId | undefined) => void)[];
}
