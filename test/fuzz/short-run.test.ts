import { testShortRuns } from './short-run.ts';
import { targetNames } from './targets.ts';

/** Those that run a world for each input have files of their own: `short-run-engine.test.ts`. */
testShortRuns(targetNames.filter((name) => name !== 'engine' && name !== 'edge'));
