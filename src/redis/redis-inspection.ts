import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import type { Clock } from '../lib/clock.js';
import { addressOf } from './cluster-map.js';
import { ClusterScout } from './cluster-scout.js';
import { RedisKeys } from './keys.js';
import { parseRedisUrl, readAccess } from './redis-access.js';
import { readInfo } from './redis-check.js';
import { closeClient, openClient } from './redis-client.js';
import { millisecondsOf } from './redis-clock.js';
import { loadScripts } from './scripts.js';
import { Sentinels } from './sentinels.js';

/** What one Redis that takes writes says of itself. */
export interface RedisFacts {
  readonly place: HostPort;
  /** null: the user may not ask. */
  readonly info: ReadonlyMap<string, string> | null;
  /** Its clock less this machine's, ms; true within `uncertainMs`, half of the round trip. */
  readonly clockAheadMs: number;
  readonly uncertainMs: number;
  /** Commands that a pod needs on its keys and channels and that the user may not use; null: Redis can't tell. */
  readonly refused: readonly string[] | null;
  /** `ok`, or the node answers every command CLUSTERDOWN; null: no cluster, or the user may not ask. */
  readonly clusterState: string | null;
}

/**
 * Asks each master once; changes nothing. Rejects with what the network, the sentinels or Redis say if one can't be
 * reached or doesn't let us in.
 */
export async function inspectRedis(config: RedisConfig, clock: Clock): Promise<readonly RedisFacts[]> {
  const access = await readAccess(config);
  const places = await placesOf(config, clock);
  return Promise.all(
    places.map(async (place) => {
      const client = await openClient(place, access, 'check', config, clock);
      try {
        return await factsOf(client, place, config);
      } finally {
        closeClient(client);
      }
    }),
  );
}

async function placesOf(config: RedisConfig, clock: Clock): Promise<readonly HostPort[]> {
  const { topology } = config;
  switch (topology.kind) {
    case 'single': {
      const { host, port } = parseRedisUrl(topology.url);
      return [{ host, port }];
    }
    case 'sentinel':
      return [await new Sentinels(config, topology.sentinels, topology.name, clock).master()];
    case 'cluster': {
      const scout = new ClusterScout(config, clock);
      const map = await Promise.any(topology.nodes.map((node) => scout.ask(node, null)));
      return [...new Map([...map.values()].map(({ place }) => [addressOf(place), place])).values()];
    }
  }
}

async function factsOf(client: Redis, place: HostPort, config: RedisConfig): Promise<RedisFacts> {
  const info = await readInfo(client.info());
  const sentAtMs = Date.now();
  const redisMs = millisecondsOf(await client.time());
  const tookMs = Date.now() - sentAtMs;
  const refused = await refusedOf(client, config);
  const clusterState = config.topology.kind === 'cluster' ? await clusterStateOf(client) : null;
  return {
    place,
    info,
    clockAheadMs: redisMs - (sentAtMs + tookMs / 2),
    uncertainMs: tookMs / 2,
    refused,
    clusterState,
  };
}

async function clusterStateOf(client: Redis): Promise<string | null> {
  const info = await readInfo(client.cluster('INFO'));
  return info?.get('cluster_state') ?? null;
}

/** The user's rights are looked up, and nothing is executed. An unknown command is one that nobody may use. */
const WHICH_ARE_REFUSED = `
local refused = {}
for _, words in ipairs(cjson.decode(ARGV[1])) do
  local known, allowed = pcall(redis.acl_check_cmd, unpack(words))
  if not (known and allowed) then refused[#refused + 1] = words[1] end
end
return refused`;

async function refusedOf(client: Redis, config: RedisConfig): Promise<readonly string[] | null> {
  try {
    return (await client.eval(WHICH_ARE_REFUSED, 0, JSON.stringify(neededCommands(config)))) as string[];
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    if (said.startsWith('NOPERM')) return ['EVAL'];
    // Redis before 7 has no acl_check_cmd.
    return null;
  }
}

/** With a key or channel of ours: a user may be confined to a prefix. */
function neededCommands(config: RedisConfig): readonly (readonly string[])[] {
  const keys = new RedisKeys(config.keyPrefix);
  const inCluster = config.topology.kind === 'cluster';
  const ofScripts = [...loadScripts().values()].flatMap(({ text }) =>
    Array.from(text.matchAll(/redis\.p?call\(\s*'(\w+)'/g), ([, name = '']) => name.toUpperCase()),
  );
  const keyed = [...new Set([...ofScripts, 'GET', 'HMGET', 'EXISTS'])].filter(
    (name) => name !== 'TIME' && name !== 'SPUBLISH',
  );
  return [
    ...keyed.map((name) => [name, keys.pods]),
    ['EVALSHA', 'x', '1', keys.pods],
    ['SPUBLISH', keys.canary('check'), 'x'],
    ['SSUBSCRIBE', keys.canary('check')],
    ['SUNSUBSCRIBE', keys.canary('check')],
    ['TIME'],
    ['INFO'],
    ...(config.durability.replicas > 0 ? [['WAIT', '1', '1']] : []),
    ...(inCluster
      ? [
          ['CLUSTER', 'SLOTS'],
          ['CLUSTER', 'NODES'],
        ]
      : []),
  ];
}
