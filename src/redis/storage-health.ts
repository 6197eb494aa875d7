import type { RedisKeys } from './keys.js';
import type { RedisCommands } from './redis-ports.js';

/** Whether that in which everything lives answers this pod. */
export interface StorageHealth {
  /** False from the first call that failed until one succeeds again. */
  readonly healthy: boolean;
  /** Resolves when it has answered; rejects with BatonError `unavailable`. */
  ask(): Promise<void>;
}

export const STORAGE_HEALTH = Symbol('StorageHealth');

export class RedisHealth implements StorageHealth {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
  ) {}

  get healthy(): boolean {
    return this.redis.healthy;
  }

  async ask(): Promise<void> {
    await this.redis.exist([this.keys.pods]);
  }
}

/** A process always reaches its own memory. */
export const memoryHealth: StorageHealth = { healthy: true, ask: () => Promise.resolve() };
