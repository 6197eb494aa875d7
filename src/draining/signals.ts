import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Logger } from '../observability/logger.js';
import type { DrainCoordinator } from './drain-coordinator.js';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** What is needed of `process`. */
export interface SignalHost {
  on(signal: (typeof signals)[number], listener: () => void): unknown;
  /** Called explicitly, so that a handle that somebody forgot can't keep PID 1 alive until SIGKILL. */
  exit(code: number): void;
}

/** The application after its start. */
export interface Drainable {
  readonly drain: Pick<DrainCoordinator, 'begin' | 'hurry' | 'finished'>;
  /** Closes what the drain has left open: HTTP servers, Redis. Given 5 s. */
  close(): Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OwnedSignals {
  /** From now on the first signal drains, the second ends the hold, the third exits with 1. */
  handTo(started: Drainable): void;
}

const CLOSE_WITHIN_MS = 5_000;

/**
 * Owns SIGTERM and SIGINT for the whole life of the process: call it first, and never Nest's `enableShutdownHooks`, which
 * ignores a second signal. A signal while starting exits with 0 at once: nobody is connected yet.
 */
export function ownSignals(host: SignalHost): OwnedSignals {
  let received = 0;
  let started: Drainable | null = null;
  for (const signal of signals) {
    host.on(signal, () => {
      received += 1;
      if (started === null) host.exit(0);
      else if (received === 1) started.drain.begin(signal);
      else if (received === 2) started.drain.hurry(signal);
      else host.exit(1);
    });
  }
  return {
    handTo(application) {
      started = application;
      void application.drain.finished.then(() => closeAndExit(host, application));
    },
  };
}

/** A drain that has ended is a success, whatever closing the rest says: the exit code is 0. */
async function closeAndExit(host: SignalHost, application: Drainable): Promise<void> {
  try {
    await withDeadline(application.clock, 'closing the application', CLOSE_WITHIN_MS, application.close());
  } catch (error) {
    application.logger.error('drain.close-failed', { error });
  }
  host.exit(0);
}
