import type { RuleMaker } from './happening.ts';
import { acknowledged } from './rules/acknowledged.ts';
import { answeredAgain } from './rules/answered-again.ts';
import { boundedTraffic } from './rules/bounded-traffic.ts';
import { executedOnce } from './rules/executed-once.ts';
import { freshSessions } from './rules/fresh-sessions.ts';
import { givenUpInTime } from './rules/given-up-in-time.ts';
import { heardRings } from './rules/heard-rings.ts';
import { leftAlone } from './rules/left-alone.ts';
import { noStranger } from './rules/no-stranger.ts';
import { nothingLeft } from './rules/nothing-left.ts';
import { oneOffer } from './rules/one-offer.ts';
import { oneOutcome } from './rules/one-outcome.ts';
import { openFlows } from './rules/open-flows.ts';
import { owedAnswers } from './rules/owed-answers.ts';
import { owedByes } from './rules/owed-byes.ts';
import { recoveryModel } from './rules/recovery-model.ts';
import { rejectionFirst } from './rules/rejection-first.ts';
import { repeatedAnswers } from './rules/repeated-answers.ts';
import { risingNumbers } from './rules/rising-numbers.ts';
import { rungOnce } from './rules/rung-once.ts';
import { silentHops } from './rules/silent-hops.ts';
import { trueEndings } from './rules/true-endings.ts';
import { wellAgain } from './rules/well-again.ts';

/** What must never be, in every simulated world, after every step. */
export const rules: readonly RuleMaker[] = [
  oneOutcome,
  rejectionFirst,
  executedOnce,
  risingNumbers,
  openFlows,
  noStranger,
  trueEndings,
  wellAgain,
  boundedTraffic,
  recoveryModel,
  acknowledged,
  oneOffer,
  freshSessions,
  leftAlone,
  silentHops,
  owedByes,
  heardRings,
  owedAnswers,
  answeredAgain,
  repeatedAnswers,
  rungOnce,
  givenUpInTime,
  nothingLeft,
];
