import { placeAt } from './addresses.ts';
import type { Game } from './game.ts';
import { planOf } from './plan-of.ts';
import { playPlan } from './run.ts';

/** The simulator, as its workers play it. */
export const simulator: Game = { planOf, playPlan, placeAt };
