import { testShortRuns } from './short-run.ts';

testShortRuns(['edge']);
