import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import type { Clock } from '../lib/clock.js';
import { readSentinelAccess } from './redis-access.js';
import { closeClient, openClient } from './redis-client.js';

/** What one sentinel believes. */
export interface MasterReport {
  readonly place: HostPort;
  /** Grows with every failover: of two that differ, the higher one knows more. */
  readonly epoch: number;
}

/** Asks sentinels where the master is. Each question has a connection of its own: it is asked seldom. */
export class Sentinels {
  constructor(
    private readonly config: RedisConfig,
    private readonly sentinels: readonly HostPort[],
    private readonly name: string,
    private readonly clock: Clock,
  ) {}

  /**
   * What the best informed of them says, once a majority has answered or nobody else will: a sentinel that was paused or
   * cut off names a master of the past. Rejects if none knows.
   */
  async master(): Promise<HostPort> {
    const reports: MasterReport[] = [];
    const majority = Math.floor(this.sentinels.length / 2) + 1;
    const enough = Promise.withResolvers<null>();
    const failures: unknown[] = [];
    const asked = this.sentinels.map(async (sentinel) => {
      try {
        if (reports.push(await this.ask(sentinel)) === majority) enough.resolve(null);
      } catch (error) {
        failures.push(error);
      }
    });
    await Promise.race([enough.promise, Promise.all(asked)]);
    const best = bestOf(reports);
    if (best) return best.place;
    throw new Error(`no sentinel knows the master of ${this.name}`, { cause: failures[0] });
  }

  private async ask(sentinel: HostPort): Promise<MasterReport> {
    const client = await this.open(sentinel, 'sentinel');
    try {
      return reportOf(await client.call('SENTINEL', 'MASTER', this.name), sentinel);
    } finally {
      closeClient(client);
    }
  }

  /** A connection to one sentinel, for whoever wants to listen to it. */
  async open(sentinel: HostPort, name: string): Promise<Redis> {
    const { config } = this;
    const timeouts = { ...config, commandTimeoutMs: Math.min(config.commandTimeoutMs, config.connectTimeoutMs) };
    return openClient(sentinel, await readSentinelAccess(config), name, timeouts, this.clock);
  }
}

export function bestOf(reports: readonly MasterReport[]): MasterReport | null {
  return reports.reduce<MasterReport | null>((best, one) => (best && best.epoch >= one.epoch ? best : one), null);
}

/** SENTINEL MASTER answers names and values in turn. */
function reportOf(reply: unknown, sentinel: HostPort): MasterReport {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const value = (name: string): string => {
    const at = flat.findIndex((text, index) => index % 2 === 0 && text === name);
    return at < 0 ? '' : (flat[at + 1] ?? '');
  };
  const place = { host: value('ip'), port: Number(value('port')) };
  if (place.host === '' || !(place.port > 0)) throw new Error(`${sentinel.host}:${sentinel.port} names no master`);
  return { place, epoch: Number(value('config-epoch')) };
}
