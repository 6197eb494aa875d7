import { BatonError } from '../lib/baton-error.js';
import type { PodId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply } from '../redis/redis-ports.js';
import type { FleetTable, FleetView } from './fleet-table.js';
import type { PodRow } from './fleet.js';
import { parsePodRow } from './pod-row.js';

/** The fleet in Redis: a row per pod that lives for the time to live, and a sorted set to find them. */
export class RedisFleetTable implements FleetTable {
  /** What the key of every row begins with. */
  private readonly rowPrefix: string;

  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly own: PodId,
    private readonly ttlMs: number,
  ) {
    this.rowPrefix = keys.pod(own).slice(0, -own.length);
  }

  async beat(row: PodRow | null): Promise<FleetView> {
    const text = row === null ? '' : JSON.stringify(row);
    return viewOf(
      await this.redis.run({
        script: 'beat',
        keys: [this.keys.pods, this.keys.pod(this.own)],
        args: [this.own, text, this.ttlMs, this.rowPrefix],
      }),
    );
  }

  async leave(pod: PodId): Promise<void> {
    await this.redis.run({ script: 'leave', keys: [this.keys.pods, this.keys.pod(pod)], args: [pod] });
  }

  async find(pod: PodId): Promise<PodRow | null> {
    const text = await this.redis.text(this.keys.pod(pod));
    return text === null ? null : parsePodRow(text);
  }
}

function viewOf(reply: RedisReply): FleetView {
  if (!Array.isArray(reply)) throw new BatonError('internal', `beat answered ${JSON.stringify(reply)}`);
  const [time, ...texts] = reply as readonly RedisReply[];
  const rows = texts.flatMap((text) => (typeof text === 'string' ? (parsePodRow(text) ?? []) : []));
  return { timeMs: Number(time), rows };
}
