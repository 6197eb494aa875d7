import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/observability/logger.js';
import { openClient } from '../../src/redis/redis-client.js';
import { connectRedis } from '../support/redis-connection.js';
import { ScriptedRedis } from '../support/scripted-redis.js';

const SECRET = 'hunter2';
const WRONGPASS = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function refusing(): Promise<ScriptedRedis> {
  const server = await ScriptedRedis.start(() => WRONGPASS);
  ended.push(() => server.close());
  return server;
}

function recordingLogger() {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', base: {} }, { write: (line) => lines.push(line) });
  return { lines, logger };
}

describe('a password that Redis refuses', () => {
  it('is in no line about it', async () => {
    const { port } = (await refusing()).place;
    const { lines, logger } = recordingLogger();
    const connection = await connectRedis(`redis://baton:${SECRET}@127.0.0.1:${port}`, 'b:', { logger });
    connection.close();
    expect(lines.join('')).toContain('redis.unreachable');
    expect(lines.join('')).toContain('WRONGPASS');
    expect(lines.join('')).not.toContain(SECRET);
  });

  it('is not in the error, either', async () => {
    const { place } = await refusing();
    const access = { username: 'baton', password: SECRET, database: 0, tls: null };
    const timeouts = { connectTimeoutMs: 1_000, commandTimeoutMs: 1_000 };
    const error: unknown = await openClient(place, access, 'x', timeouts, systemClock).catch((each: unknown) => each);
    expect(error).toMatchObject({ message: expect.stringContaining('WRONGPASS') });
    expect(error).not.toHaveProperty('command');
  });

  it('is not written with an error that has it, as a cause or among others', () => {
    const { lines, logger } = recordingLogger();
    const refusal = () => Object.assign(new Error('WRONGPASS'), { code: 'E1', command: { args: ['AUTH', SECRET] } });
    logger.warn('refused', { error: refusal() });
    logger.warn('refused', { error: new Error('outer', { cause: refusal() }) });
    logger.warn('refused', { error: new AggregateError([refusal()], 'all') });
    const written = lines.map((line) => (JSON.parse(line) as { error: unknown }).error);
    const shown = expect.objectContaining({
      type: 'Error',
      message: 'WRONGPASS',
      code: 'E1',
      stack: expect.any(String),
    });
    expect(written).toEqual([
      shown,
      expect.objectContaining({ message: 'outer', cause: shown }),
      expect.objectContaining({ type: 'AggregateError', errors: [shown] }),
    ]);
    expect(lines.join('')).not.toContain(SECRET);
  });
});
