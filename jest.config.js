import { swcOptions } from './scripts/swc-options.mjs';

const second = 1000;

/**
 * The sizes of tests: how long one test of each may take, and whether it starts processes from the build,
 * which must then be that of the sources under test.
 */
const sizes = [
  { name: 'unit', timeoutMs: 10 * second },
  { name: 'contract', timeoutMs: 20 * second },
  { name: 'integration', timeoutMs: 30 * second },
  { name: 'docs', timeoutMs: 30 * second },
  { name: 'model', timeoutMs: 600 * second },
  { name: 'e2e', timeoutMs: 120 * second, build: true },
  { name: 'browser', timeoutMs: 120 * second, build: true, setup: 'build-before-browser-tests' },
  { name: 'cluster', timeoutMs: 600 * second, build: true },
];

/** @type {import('jest').Config} */
export default {
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/scripts/counting-reporter.js'],
  projects: sizes.map(({ name, timeoutMs, build = false, setup = 'build-before-tests' }) => ({
    displayName: name,
    rootDir: import.meta.dirname,
    roots: ['<rootDir>/test'],
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
    globals: { testTimeoutMs: timeoutMs },
    setupFilesAfterEnv: ['<rootDir>/scripts/test-timeout.mjs'],
    testEnvironment: '<rootDir>/scripts/ending-environment.js',
    injectGlobals: false,
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, sourceMaps: 'inline' }] },
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    setupFiles: ['reflect-metadata'],
    ...(build && { globalSetup: `<rootDir>/scripts/${setup}.mjs` }),
  })),
};
