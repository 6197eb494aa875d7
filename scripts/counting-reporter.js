import { writeSync } from 'node:fs';

/**
 * The closing line of a run, alone on a line: `12 passed, 0 failed, 1 skipped`. A file that could not even be loaded
 * counts as one failure, for its tests are in no other count.
 */
export default class CountingReporter {
  /**
   * @param {ReadonlySet<unknown>} _contexts
   * @param {import('@jest/test-result').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const counts = [
      `${results.numPassedTests} passed`,
      `${failed} failed`,
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ];
    // Jest prints its summary after every reporter has been told, so the last line has to wait for the very end.
    process.once('exit', () => writeSync(1, `${counts.join(', ')}\n`));
  }
}
