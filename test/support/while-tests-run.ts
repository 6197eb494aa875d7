import { afterAll, beforeAll } from '@jest/globals';

/** Several servers at a time start slowly on a busy machine. */
const OPEN_MS = 30_000;

/**
 * What the tests of a file (or of a `describe`) share: opened before the first and closed after the last. What it returns
 * throws outside of a test's life: ask in a test or a hook, not while tests are being described.
 */
export function whileTestsRun<T extends object>(
  open: () => Promise<T>,
  close: (opened: T) => Promise<void> | void,
): () => T {
  let opened: T | undefined;
  beforeAll(async () => {
    opened = await open();
  }, OPEN_MS);
  afterAll(async () => {
    if (opened !== undefined) await close(opened);
  });
  return () => {
    if (opened === undefined) throw new Error('it is there only while tests run: ask in a test or a hook');
    return opened;
  };
}
