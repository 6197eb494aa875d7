import { build } from './build.mjs';

/** Jest's globalSetup of the tests that start processes: a developer who runs one alone never tests a stale build. */
export default async function buildBeforeTests() {
  await build({});
}
