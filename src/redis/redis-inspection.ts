import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import type { Clock } from '../lib/clock.js';
import { addressOf, type SlotMap } from './cluster-map.js';
import { ClusterScout } from './cluster-scout.js';
import { SLOTS, slotOf } from './key-slot.js';
import { RedisKeys } from './keys.js';
import { parseRedisUrl, readAccess } from './redis-access.js';
import { readInfo } from './redis-check.js';
import { closeClient, openClient } from './redis-client.js';
import { millisecondsOf } from './redis-clock.js';
import { isReply } from './redis-error.js';
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
  /** What it says to a write that would change nothing; null: it takes it, or the user may not ask. */
  readonly writeRefusal: string | null;
}

/** A master, and a name that it would keep and that nobody has. */
interface Asked {
  readonly place: HostPort;
  readonly unused: string;
}

/** A node with one slot of all is found in this many names, but for one time in e^8. */
const NAMES = 8 * SLOTS;

/**
 * Asks each master once; changes nothing. Rejects with what the network, the sentinels or Redis say if one can't be
 * reached or doesn't let us in.
 */
export async function inspectRedis(config: RedisConfig, clock: Clock): Promise<readonly RedisFacts[]> {
  const access = await readAccess(config);
  const places = await placesOf(config, clock);
  return Promise.all(
    places.map(async (asked) => {
      const { place } = asked;
      const client = await openClient(place, access, 'check', config, clock);
      try {
        return await factsOf(client, asked, config);
      } finally {
        closeClient(client);
      }
    }),
  );
}

async function placesOf(config: RedisConfig, clock: Clock): Promise<readonly Asked[]> {
  const { topology } = config;
  const keys = new RedisKeys(config.keyPrefix);
  const unused = keys.canary('check');
  switch (topology.kind) {
    case 'single': {
      const { host, port } = parseRedisUrl(topology.url);
      return [{ place: { host, port }, unused }];
    }
    case 'sentinel':
      return [{ place: await new Sentinels(config, topology.sentinels, topology.name, clock).master(), unused }];
    case 'cluster': {
      const scout = new ClusterScout(config, clock);
      const map = await Promise.any(topology.nodes.map((node) => scout.ask(node, null)));
      const places = new Map([...map.values()].map(({ place }) => [addressOf(place), place]));
      return [...places].map(([address, place]) => ({ place, unused: nameAt(address, map, keys) ?? unused }));
    }
  }
}

/** In a slot of that node: another one would only say where it is. */
function nameAt(address: string, map: SlotMap, keys: RedisKeys): string | null {
  for (let number = 0; number < NAMES; number += 1) {
    const name = keys.canary(`check-${number}`);
    if (map.get(slotOf(name))?.address === address) return name;
  }
  return null;
}

async function factsOf(client: Redis, { place, unused }: Asked, config: RedisConfig): Promise<RedisFacts> {
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
    writeRefusal: await writeRefusalOf(client, unused),
  };
}

/** Redis refuses before it executes: a key that isn't there and has to be (XX) stays away. */
async function writeRefusalOf(client: Redis, unused: string): Promise<string | null> {
  try {
    await client.set(unused, '', 'XX');
    return null;
  } catch (error) {
    if (!isReply(error)) throw error;
    // Rights are looked up beside this, and a slot that has just moved is no fault.
    return /^(NOPERM|MOVED|ASK)\b/.test(error.message) ? null : error.message;
  }
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
    Array.from(text.matchAll(/\b(?:redis\.p)?call\(\s*'(\w+)'/g), ([, name = '']) => name.toUpperCase()),
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
