import type { RedisConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import { randomId } from '../lib/random-id.js';
import type { Logger } from '../observability/logger.js';
import { Canary } from './canary.js';
import { RedisKeys } from './keys.js';
import { checkServer } from './redis-check.js';
import { RedisClock } from './redis-clock.js';
import { IoredisCommands } from './redis-commands.js';
import { RedisLink } from './redis-link.js';
import type { RedisCommands, RedisSubscriber } from './redis-ports.js';
import { IoredisSubscriber } from './redis-subscriber.js';
import { loadScripts } from './scripts.js';

export interface RedisConnectionConfig extends RedisConfig {
  readonly canaryMs: number;
}

/** A pod's access to Redis, put together: it is shut until `start`, and reconnects until `close`. */
export class RedisConnection {
  readonly commands: RedisCommands;
  readonly subscriber: RedisSubscriber;
  private readonly link: RedisLink;
  private readonly canary: Canary;

  constructor(config: RedisConnectionConfig, clock: Clock, logger: Logger) {
    const link = new RedisLink(config, clock, logger);
    const redisClock = new RedisClock(clock);
    link.prepare((pair) => checkServer(pair, redisClock, logger));
    const subscriber = new IoredisSubscriber(link, clock, config.commandTimeoutMs);
    const channel = new RedisKeys(config.keyPrefix).canary(randomId());
    this.canary = new Canary(link, redisClock, { channel, periodMs: config.canaryMs }, clock, logger);
    this.canary.listenOn(subscriber);
    this.link = link;
    this.commands = new IoredisCommands(link, redisClock, loadScripts());
    this.subscriber = subscriber;
  }

  /** Resolves when Redis was reached or the first try has failed; later ones follow by themselves. */
  start(): Promise<void> {
    return this.link.start();
  }

  close(): void {
    this.canary.stop();
    this.link.close();
  }
}
