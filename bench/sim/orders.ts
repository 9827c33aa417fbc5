import type { Outcome, Violation } from './outcome.ts';
import type { SeedRange } from './seeds.ts';

/** A plan of the simulator's, which the benches carry about without looking into it. */
export type PlanData = object;

/** How plans are made from seeds, where it is not left to the seed. */
export interface PlanSize {
  readonly minutes: number | undefined;
  readonly calls: number | undefined;
}

/** What a worker is told to do, one thing at a time; it says `done` in the end. */
export type Order =
  /** Play them one after the other. `log` is a file for what happens, when there is one seed. */
  | { readonly order: 'play'; readonly seeds: SeedRange; readonly size: PlanSize; readonly log: string | undefined }
  | { readonly order: 'play-plan'; readonly plan: PlanData; readonly log: string | undefined }
  /** Find the smallest plan that breaks the rule, and draw what happens in it. */
  | { readonly order: 'explain'; readonly what: Failing; readonly size: PlanSize }
  | { readonly order: 'name-canaries' }
  /** Make a copy of the built code, in a folder that is there and empty, with one edit. */
  | { readonly order: 'plant'; readonly canary: string; readonly folder: string };

/** A rule that a seed breaks, or a plan of its own. */
export interface Failing {
  readonly seed: number;
  readonly plan: PlanData | undefined;
  readonly rule: string;
}

/** What a worker says. */
export type Report =
  /** Said once, at the start. */
  | { readonly report: 'ready' }
  | { readonly report: 'played'; readonly outcome: Outcome }
  /** Still at it. */
  | { readonly report: 'busy' }
  | { readonly report: 'explained'; readonly explanation: Explanation }
  | { readonly report: 'canaries'; readonly names: readonly string[] }
  /** The copy is there; `worker` is its worker's file. */
  | { readonly report: 'planted'; readonly says: string; readonly worker: string }
  /** The order cannot be followed: a sentence. */
  | { readonly report: 'refused'; readonly why: string }
  | { readonly report: 'done' };

/** Why a rule was broken. */
export interface Explanation {
  readonly seed: number;
  /** As the smallest plan breaks the rule. */
  readonly violation: Violation;
  /** The messages before it, drawn. */
  readonly ladder: string;
  /** What is left of the plan, for people to read. */
  readonly lines: readonly string[];
  readonly plan: PlanData;
  /** Plans that were tried. */
  readonly runs: number;
}
