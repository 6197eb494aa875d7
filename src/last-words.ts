import type { Logger } from './observability/logger.js';

/** What is needed of `process`. */
export interface FallibleHost {
  on(event: 'uncaughtException', listener: (error: Error, origin: string) => void): unknown;
  exit(code: number): void;
}

/**
 * An error that nobody caught, or a rejection that nobody handled (Node makes one of the other), leaves a process of which
 * nothing is known: it says so in a line of its log and ends with 1. What it knew is in Redis or with its clients, who
 * resume elsewhere; a drain would go on in a state that nobody has thought of.
 */
export function endWithLastWords(host: FallibleHost, logger: Logger): void {
  host.on('uncaughtException', (error, origin) => {
    logger.error('process.failed', { error, origin });
    host.exit(1);
  });
}
