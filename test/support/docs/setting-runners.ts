import { ConfigError, loadConfig } from '../../../src/config/load-config.js';
import { redisAdmin } from '../redis-admin.js';
import { type RedisServer, startRedisServer } from '../redis-server.js';
import { setting } from './block-mark.js';
import type { BlockRunner, MarkedBlock } from './block-runner.js';

/** Lines of settings, without comments and empty ones. */
function directivesOf(code: string): readonly string[] {
  const lines = code.split('\n').map((line) => line.trim());
  const directives = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (directives.length === 0) throw new Error('there is no setting in it');
  return directives;
}

const working = {
  BATON_TOKEN_SECRET_FILE: '/etc/baton/auth/token-secret',
  BATON_RESUME_KEYS_FILE: '/etc/baton/auth/resume-keys',
};
const places = ['BATON_REDIS_URL', 'BATON_REDIS_SENTINELS', 'BATON_REDIS_CLUSTER_NODES', 'BATON_STORAGE'];

/** `KEY=value`, laid over a configuration that works. */
export const configRunner: BlockRunner = {
  languages: ['ini'],
  settings: ['refused'],

  run({ block, mark }) {
    const pairs = directivesOf(block.code).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    });
    const shown = Object.fromEntries(pairs);
    const redis = places.some((key) => key in shown) ? {} : { BATON_REDIS_URL: 'redis://redis:6379' };
    const publicKey = 'BATON_TOKEN_PUBLIC_KEY_FILE' in shown ? { BATON_TOKEN_SECRET_FILE: '' } : {};
    const refusal = refusalOf({ ...redis, ...working, ...publicKey, ...shown });
    const wanted = setting(mark, 'refused');
    if (wanted === '' ? refusal !== '' : !refusal.includes(wanted))
      throw new Error(refusal === '' ? 'it was accepted' : refusal);
  },
};

function refusalOf(environment: Readonly<Record<string, string>>): string {
  try {
    loadConfig(environment);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** Commands, as they are typed into redis-cli. */
export const redisRunner: BlockRunner = {
  languages: ['redis'],
  settings: [],
  run: (marked) => eachAtRedis(marked, (line) => line.match(/"[^"]*"|\S+/g) ?? []),
};

/** Directives of redis.conf. */
export const redisConfRunner: BlockRunner = {
  languages: ['redis-conf'],
  settings: [],
  run: (marked) =>
    eachAtRedis(marked, (line) => {
      const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
      return ['CONFIG', 'SET', name, value.replace(/^"(.*)"$/, '$1')];
    }),
};

/** A server of the block's own: what it sets, it sets for nobody else. */
async function eachAtRedis({ block }: MarkedBlock, toCommand: (line: string) => readonly string[]): Promise<void> {
  const server: RedisServer = await startRedisServer({ alwaysOwn: true });
  const admin = redisAdmin(server.url);
  try {
    for (const line of directivesOf(block.code)) {
      const [name = '', ...args] = toCommand(line).map((word) => word.replace(/^"(.*)"$/, '$1'));
      await admin.call(name, ...args).catch((error: unknown) => {
        throw new Error(`${line}: ${String(error)}`);
      });
    }
  } finally {
    admin.disconnect();
    // One that has just begun to write a file would take seconds to end in order.
    await server.kill();
  }
}
