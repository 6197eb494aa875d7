import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { startRedisServer } from '../support/redis-server.js';
import { withRedis } from '../support/with-redis.js';

async function ask(url: string, command: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port || 6379), hostname);
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

describe('the Redis of a test file', () => {
  const redis = withRedis();

  it('answers', async () => {
    expect(await ask(redis.url, 'PING')).toBe('+PONG\r\n');
  });

  it('gives every test a key prefix of its own', () => {
    expect(redis.keyPrefix()).not.toBe(redis.keyPrefix());
  });
});

describe('a Redis that a test starts for itself', () => {
  it('never evicts keys, is gone when killed and can come back on the same port', async () => {
    const first = await startRedisServer({ alwaysOwn: true });
    expect(await ask(first.url, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    await first.kill();
    await expect(ask(first.url, 'PING')).rejects.toThrow('ECONNREFUSED');
    const second = await startRedisServer({ alwaysOwn: true, port: first.port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });

  it('says why it did not start', async () => {
    await expect(startRedisServer({ alwaysOwn: true, args: ['--no-such-option', '1'] })).rejects.toThrow(
      /Redis did not start on port \d+: .*no-such-option/,
    );
  });
});
