import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands } from '../redis/redis-ports.js';
import { BURST_SECONDS, type PaceBucket } from './pace.js';

export class RedisPaceBucket implements PaceBucket {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
  ) {}

  async take(wanted: number, perSecond: number): Promise<number> {
    const burst = Math.max(1, perSecond * BURST_SECONDS);
    return Number(
      await this.redis.run({ script: 'take-pace', keys: [this.keys.pace], args: [wanted, perSecond, burst] }),
    );
  }
}
