import type { Logger } from '../../src/observability/logger.js';

const nothing = () => undefined;

/** For tests that say nothing about what is logged. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
