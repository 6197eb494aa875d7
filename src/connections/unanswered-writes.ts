import { BatonError } from '../lib/baton-error.js';
import type { Logger } from '../observability/logger.js';

/** As many as a pod has connections, about; beyond it a row only says for longer than it should that it is owned. */
const MOST = 20_000;
const BATCH = 200;

type Write = () => Promise<unknown>;

/**
 * Last words of connections to their rows, detaches and ends, that Redis was away for. They are said again when it is
 * back: each has one effect however often it is said, and none if the session has moved meanwhile.
 */
export class UnansweredWrites {
  private writes: Write[] = [];

  constructor(private readonly logger: Logger) {}

  /** Resolves with the first answer, or with none. */
  async say(write: Write): Promise<void> {
    try {
      await write();
    } catch (error) {
      const later = error instanceof BatonError && error.code === 'unavailable' && this.writes.length < MOST;
      if (later) this.writes.push(write);
      else this.logger.warn('session.write-failed', { error });
    }
  }

  async repeat(): Promise<void> {
    const { writes } = this;
    this.writes = [];
    for (let start = 0; start < writes.length; start += BATCH)
      await Promise.all(writes.slice(start, start + BATCH).map((write) => this.say(write)));
  }
}
