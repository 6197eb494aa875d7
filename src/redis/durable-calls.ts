import type { Redis } from 'ioredis';
import { BatonError } from '../lib/baton-error.js';

export interface Durability {
  readonly replicas: number;
  readonly waitMs: number;
}

interface Waiting {
  readonly command: (client: Redis) => Promise<unknown>;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit with replicas, over a connection of its own: WAIT holds up all that follows it, so one batch is under way
 * at a time, and what comes meanwhile is the next. WAIT speaks of everything that the server had written when the last
 * command of this connection was executed: of a repeat's first sending, too, whoever sent it.
 */
export class DurableCalls {
  private queue: Waiting[] = [];
  private running = false;

  constructor(
    private readonly client: Redis,
    private readonly durability: Durability,
  ) {}

  run(command: (client: Redis) => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.queue.push({ command, resolve, reject });
      if (!this.running) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.running = true;
    // What else this turn asks for waits with it.
    await Promise.resolve();
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      const replies = await Promise.allSettled(batch.map(({ command }) => command(this.client)));
      const failure = replies.some(({ status }) => status === 'fulfilled') ? await this.unconfirmed() : null;
      batch.forEach(({ resolve, reject }, index) => {
        const reply = replies[index];
        if (reply?.status !== 'fulfilled') reject(reply?.reason);
        else if (failure) reject(failure);
        else resolve(reply.value);
      });
    }
    this.running = false;
  }

  /** null if enough replicas have everything. */
  private async unconfirmed(): Promise<unknown> {
    const { replicas, waitMs } = this.durability;
    try {
      const confirmed = await this.client.wait(replicas, waitMs);
      if (confirmed >= replicas) return null;
      return new BatonError('unavailable', `${confirmed} of ${replicas} replicas confirmed within ${waitMs} ms`);
    } catch (error) {
      return error;
    }
  }
}
