import { jest } from '@jest/globals';

// Jest takes `testTimeout` from a project without complaint and ignores it: only the whole run's counts.
jest.setTimeout(/** @type {{ testTimeoutMs: number }} */ (/** @type {unknown} */ (globalThis)).testTimeoutMs);
