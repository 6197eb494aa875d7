import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.js';

export interface SharedRedis {
  /** Throws outside of a test's life: use it in a test or a hook, not while tests are being described. */
  readonly server: RedisServer;
  readonly url: string;
  /** A prefix that no other test uses, so that tests can share a server; it ends in a colon. */
  keyPrefix(): string;
}

/** One Redis for the tests of a file (or of a `describe`): started before the first and stopped after the last. */
export function withRedis(options: RedisServerOptions = {}): SharedRedis {
  let running: RedisServer | undefined;
  beforeAll(async () => {
    running = await startRedisServer(options);
  });
  afterAll(async () => {
    await running?.stop();
  });
  const server = () => {
    if (running === undefined) throw new Error('Redis is running only while tests run: ask in a test or a hook');
    return running;
  };
  return {
    get server() {
      return server();
    },
    get url() {
      return server().url;
    },
    keyPrefix: () => `test-${randomBytes(6).toString('hex')}:`,
  };
}
