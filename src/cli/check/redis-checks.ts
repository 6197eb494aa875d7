import type { RedisConfig } from '../../config/config.js';
import type { RedisFacts } from '../../redis/redis-inspection.js';
import { fail, ok, warn, type CheckLine } from './check-line.js';

type Info = ReadonlyMap<string, string>;

const LEAST_VERSION = 7;
/** Beyond it, expiries of tokens are seen late or early. */
const CLOCK_WARN_MS = 1_000;
const CLOCK_FAIL_MS = 30_000;
const FULL = 0.8;
const GUIDE = 'docs/redis.md';

/** What of one Redis is as a pod needs it; pure. */
export function redisChecks(facts: RedisFacts, config: RedisConfig): readonly CheckLine[] {
  const what = `redis ${facts.place.host}:${facts.place.port}`;
  const { info } = facts;
  const ofInfo =
    info === null
      ? [warn(what, 'its user may not use INFO: nothing is known of its settings', `grant +info (${GUIDE})`)]
      : [
          version(what, info),
          role(what, info, config),
          ...cluster(what, facts),
          eviction(what, info),
          memory(what, info),
          persistence(what, info),
          ...snapshots(what, info),
          ...replicas(what, info, config),
        ];
  return [...ofInfo, writes(what, facts), clock(what, facts), permissions(what, facts)];
}

function version(what: string, info: Info): CheckLine {
  const found = info.get('redis_version') ?? 'unknown';
  const says = `version ${found}`;
  if (Number.parseInt(found, 10) >= LEAST_VERSION) return ok(what, says);
  return fail(what, says, 'Baton needs Redis 7.0 or newer: sharded pub/sub came with it');
}

function role(what: string, info: Info, { topology }: RedisConfig): CheckLine {
  const found = info.get('role') ?? 'unknown';
  if (info.get('loading') === '1') return fail(what, 'it is loading its data', 'wait until it has');
  if (found !== 'master') return fail(what, `its role is ${found}`, 'name a master, or the sentinels that know it');
  const inCluster = info.get('cluster_enabled') === '1';
  if (inCluster === (topology.kind === 'cluster')) return ok(what, inCluster ? 'master in a cluster' : 'master');
  return inCluster
    ? fail(what, 'it is a node of a cluster', 'set BATON_REDIS_CLUSTER_NODES instead of BATON_REDIS_URL')
    : fail(what, 'it is not a node of a cluster', 'set BATON_REDIS_URL instead of BATON_REDIS_CLUSTER_NODES');
}

function cluster(what: string, { clusterState }: RedisFacts): readonly CheckLine[] {
  if (clusterState === null || clusterState === 'ok') return [];
  const toDo =
    'see that all slots have a master that lives (CLUSTER NODES): until then it answers every command CLUSTERDOWN';
  return [fail(what, `the state of the cluster is ${clusterState}`, toDo)];
}

function eviction(what: string, info: Info): CheckLine {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok(what, 'maxmemory-policy noeviction');
  const toDo = 'set maxmemory-policy noeviction: an evicted log is lost messages, an evicted row a lost session';
  return fail(what, `maxmemory-policy ${policy}`, toDo);
}

function memory(what: string, info: Info): CheckLine {
  const most = Number(info.get('maxmemory') ?? 0);
  const used = Number(info.get('used_memory') ?? 0);
  if (most === 0) {
    const toDo = 'set maxmemory below what the machine has: without it the kernel ends Redis instead of Redis a write';
    return warn(what, `maxmemory is not set; ${mebibytes(used)} used`, toDo);
  }
  const says = `${mebibytes(used)} of ${mebibytes(most)} used`;
  if (used >= most) return fail(what, `${says}: it refuses every write`, `raise maxmemory (${GUIDE})`);
  return used < FULL * most
    ? ok(what, says)
    : warn(what, says, `raise maxmemory, or shorten the replay window (${GUIDE})`);
}

function persistence(what: string, info: Info): CheckLine {
  if (info.get('aof_enabled') !== '1') {
    const toDo = 'set appendonly yes: else a restart of Redis loses what was acknowledged since its last snapshot';
    return warn(what, 'no append-only file', toDo);
  }
  const failed = ['aof_last_write_status', 'aof_last_bgrewrite_status'].filter((key) => info.get(key) === 'err');
  if (failed.length === 0) return ok(what, 'append-only file');
  return fail(
    what,
    `the append-only file can't be written (${failed.join(', ')})`,
    'look at its disk, and into its log',
  );
}

function snapshots(what: string, info: Info): readonly CheckLine[] {
  if (info.get('rdb_last_bgsave_status') !== 'err') return [];
  return [warn(what, 'its last snapshot failed', 'look at its disk, and into its log')];
}

function replicas(what: string, info: Info, { durability }: RedisConfig): readonly CheckLine[] {
  const connected = Number(info.get('connected_slaves') ?? 0);
  // Only there if min-replicas-to-write is set.
  if (info.get('min_slaves_good_slaves') === '0') {
    const toDo = 'connect replicas: with min-replicas-to-write it refuses every write until then';
    return [fail(what, 'none of its replicas is in time', toDo)];
  }
  const says = `${connected} replicas, BATON_REDIS_DURABILITY waits for ${durability.replicas}`;
  if (durability.replicas === 0) return [];
  if (connected >= durability.replicas) return [ok(what, says)];
  return [fail(what, says, 'connect more replicas: until then nothing is acknowledged')];
}

const MEND: Readonly<Record<string, string>> = {
  MISCONF: 'look at its disk, and into its log',
  OOM: `raise maxmemory (${GUIDE})`,
  NOREPLICAS: 'connect replicas, or lower min-replicas-to-write',
  CLUSTERDOWN: 'see that all slots have a master that lives (CLUSTER NODES)',
};

function writes(what: string, { writeRefusal }: RedisFacts): CheckLine {
  if (writeRefusal === null) return ok(what, 'takes writes');
  const [code = ''] = writeRefusal.replace(/^-/, '').split(' ', 1);
  return fail(what, `it refuses a write: ${writeRefusal}`, MEND[code] ?? 'a pod would wait: see that it takes writes');
}

function clock(what: string, { clockAheadMs, uncertainMs }: RedisFacts): CheckLine {
  const least = Math.max(0, Math.abs(clockAheadMs) - uncertainMs);
  const says = `its clock is ${Math.round(Math.abs(clockAheadMs))} ms ${clockAheadMs < 0 ? 'behind' : 'ahead of'} this one`;
  const toDo = 'set both by NTP: pods judge the expiry of tokens by their own clock';
  if (least < CLOCK_WARN_MS) return ok(what, says);
  return least < CLOCK_FAIL_MS ? warn(what, says, toDo) : fail(what, says, toDo);
}

function permissions(what: string, { refused }: RedisFacts): CheckLine {
  if (refused === null) return warn(what, 'what its user may do is unknown', 'Redis 7 can be asked');
  if (refused.length === 0) return ok(what, 'its user may do all that a pod needs');
  return fail(what, `its user may not use ${refused.join(', ')}`, `grant what ${GUIDE} says, on ~PREFIX* and &PREFIX*`);
}

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
