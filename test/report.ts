/** What one test file tells the runner, by IPC, when its tests are done. */
export interface FileReport {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly Skip[];
  /** What went wrong with the file rather than in a test of it; each counts as one failure. */
  readonly complaints: readonly string[];
}

/** A test that did not run, and why. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}
