import { Redis } from 'ioredis';
import type { Stage } from './stage.js';

/** What can happen to Redis, or to the way there. It needs a stage with `fragileRedis`. */
export class RedisFaults {
  private readonly admin: Redis;

  constructor(private readonly stage: Stage) {
    this.admin = new Redis(stage.redis.url, { lazyConnect: false });
  }

  close(): void {
    this.admin.disconnect();
  }

  /** It takes commands and answers nothing, until `resume`. */
  stall(): void {
    process.kill(this.pid, 'SIGSTOP');
  }
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** The subscriber connection of one pod is cut, as a proxy or a full output buffer does it. */
  async cutOneSubscriber(): Promise<void> {
    const list = String(await this.admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
    const ids = [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id ?? '');
    const id = ids[Math.floor(Math.random() * ids.length)];
    if (id !== undefined) await this.admin.call('CLIENT', 'KILL', 'ID', id);
  }

  /** Remembers the streams whose keys match, log, top and publishers, as a replica that stopped following would. */
  async remember(pattern: string): Promise<Memory> {
    const names = await this.admin.keys(`${this.stage.keyPrefix}${pattern}`);
    const values = await Promise.all(names.map((name) => this.admin.dumpBuffer(name)));
    return names.flatMap((name, index) => {
      const value = values[index];
      return value == null ? [] : [{ name, value }];
    });
  }

  /** Everything since then is gone, and nobody is told: what a failover to that replica does. */
  async rewind(pattern: string, memory: Memory): Promise<void> {
    const names = await this.admin.keys(`${this.stage.keyPrefix}${pattern}`);
    const remembered = new Set(memory.map(({ name }) => name));
    const transaction = this.admin.multi();
    for (const name of names) if (!remembered.has(name)) transaction.del(name);
    for (const { name, value } of memory) transaction.restore(name, hourMs, value, 'REPLACE');
    await transaction.exec();
  }

  private get pid(): number {
    if (this.stage.redis.pid === undefined) throw new Error('this Redis is not ours to stop');
    return this.stage.redis.pid;
  }
}

const hourMs = 3_600_000;

export type Memory = readonly { readonly name: string; readonly value: Buffer }[];
