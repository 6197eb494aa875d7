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

/** After this long without anybody who knows as much, the sentinels were set up anew, with epochs from the beginning. */
const FORGOTTEN_MS = 60_000;

/** Asks sentinels where the master is. Each question has a connection of its own: it is asked seldom. */
export class Sentinels {
  private believed: (MasterReport & { readonly toldMs: number }) | null = null;

  constructor(
    private readonly config: RedisConfig,
    private readonly sentinels: readonly HostPort[],
    private readonly name: string,
    private readonly clock: Clock,
  ) {}

  /**
   * What the best informed of them says or has said before, once a majority has answered or nobody else will: a sentinel that was paused or
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
    const told = bestOf(reports);
    if (told) return this.believe(told);
    throw new Error(`no sentinel knows the master of ${this.name}`, { cause: failures[0] });
  }

  private believe(told: MasterReport): HostPort {
    const { believed } = this;
    const now = this.clock.monotonic();
    if (believed && told.epoch < believed.epoch && now - believed.toldMs < FORGOTTEN_MS) return believed.place;
    this.believed = { ...told, toldMs: now };
    return told.place;
  }

  private async ask(sentinel: HostPort): Promise<MasterReport> {
    const client = await this.open(sentinel, 'sentinel');
    try {
      // The epoch first: it must not be newer than the address.
      const [state, address] = await Promise.all([
        client.call('SENTINEL', 'MASTER', this.name),
        client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name),
      ]);
      return reportOf(state, address, sentinel);
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

function bestOf(reports: readonly MasterReport[]): MasterReport | null {
  return reports.reduce<MasterReport | null>((best, one) => (best && best.epoch >= one.epoch ? best : one), null);
}

/**
 * `state`: SENTINEL MASTER answers names and values in turn. Its address stays that of the old master until the other replicas
 * follow the new one, when the epoch has long been the new one; `address` is what sentinels tell clients.
 */
function reportOf(state: unknown, address: unknown, sentinel: HostPort): MasterReport {
  const flat = textsOf(state);
  const at = flat.findIndex((text, index) => index % 2 === 0 && text === 'config-epoch');
  const [host = '', port] = textsOf(address);
  const place = { host, port: Number(port) };
  if (at < 0 || place.host === '' || !(place.port > 0))
    throw new Error(`${sentinel.host}:${sentinel.port} names no master`);
  return { place, epoch: Number(flat[at + 1]) };
}

const textsOf = (reply: unknown): readonly string[] => (Array.isArray(reply) ? reply.map(String) : []);
