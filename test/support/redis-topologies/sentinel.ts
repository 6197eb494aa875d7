import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../eventually.js';
import { redisAdmin } from '../redis-admin.js';
import type { RedisProcess } from '../redis-process.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import { infoOf, launched, RedisNode } from './redis-node.js';
import { cut, hostAndPort, listOf, masterFaults, type RedisTopology, type TopologyOptions } from './topology.js';
import { unusedPorts } from './unused-ports.js';

const NAME = 'main';
const REPLICAS = 2;
const SENTINELS = 3;

/** Found by sentinels at their own pace it takes 12 s; a busy machine must not send them into tilt, which is 30 s of nothing. */
const quick = ['PING-PERIOD', '200', 'INFO-PERIOD', '500', 'PUBLISH-PERIOD', '200', 'ASK-PERIOD', '200'];
const untilted = ['TILT-TRIGGER', '8000', 'TILT-PERIOD', '1000', 'ELECTION-TIMEOUT', '2000'];

export interface SentinelTopology extends RedisTopology {
  readonly kind: 'sentinel';
  /** The operator's connections to the sentinels. */
  readonly sentinels: readonly Redis[];
}

/** A master, two replicas and three sentinels, which replace a master that is silent for 1 s within 3 s. */
export async function startSentinel({ args = [] }: TopologyOptions = {}): Promise<SentinelTopology> {
  const directory = await makeTemporaryDirectory('sentinel');
  const ports = await unusedPorts(1 + REPLICAS + SENTINELS);
  const [masterPort = 0] = ports;
  const sync = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'];
  const nodes = ports.slice(0, 1 + REPLICAS).map((port) => {
    const replica = port === masterPort ? [] : ['--replicaof', `127.0.0.1 ${masterPort}`];
    return new RedisNode({ port, directory: join(directory.path, String(port)), args: [...sync, ...replica, ...args] });
  });
  const processes: RedisProcess[] = [];
  const sentinels: Redis[] = [];
  const stop = async () => {
    for (const sentinel of sentinels) sentinel.disconnect();
    await Promise.all([...nodes.map((node) => node.stop()), ...processes.map((process) => process.end('SIGKILL'))]);
    await directory.remove();
  };
  try {
    await startAll(nodes);
    const sentinelPorts = ports.slice(1 + REPLICAS);
    await Promise.all(
      sentinelPorts.map(async (port) => processes.push(await startSentinelProcess(directory.path, port, masterPort))),
    );
    sentinels.push(...sentinelPorts.map((port) => redisAdmin(`redis://127.0.0.1:${port}`)));
    await Promise.all(sentinels.map((sentinel) => hurry(sentinel)));
    await eventually('the sentinels to know everybody', () => allKnow(sentinels), { withinMs: 15_000 });
    return assembled({ nodes, sentinels, sentinelPorts, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.start()));
  const [master] = nodes;
  if (!master) throw new Error('no master');
  await eventually(
    'the replicas to follow',
    async () => {
      const lines = [await infoOf(master, 'slave0'), await infoOf(master, 'slave1')];
      return lines.every((line) => line.includes('state=online'));
    },
    { withinMs: 15_000 },
  );
}

async function startSentinelProcess(parent: string, port: number, masterPort: number): Promise<RedisProcess> {
  const directory = join(parent, String(port));
  const file = join(directory, 'sentinel.conf');
  await mkdir(directory, { recursive: true });
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 3000`,
    `sentinel parallel-syncs ${NAME} ${REPLICAS}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return launched([file, '--sentinel'], port);
}

async function hurry(sentinel: Redis): Promise<void> {
  await sentinel.call('SENTINEL', 'DEBUG', ...quick, ...untilted);
}

async function allKnow(sentinels: readonly Redis[]): Promise<boolean> {
  const known = await Promise.all(sentinels.map((sentinel) => fieldsOf(sentinel)));
  return known.every(
    (fields) =>
      fields.get('num-slaves') === String(REPLICAS) && fields.get('num-other-sentinels') === String(SENTINELS - 1),
  );
}

async function fieldsOf(sentinel: Redis): Promise<ReadonlyMap<string, string>> {
  const reply = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as readonly string[];
  return new Map(reply.flatMap((name, at) => (at % 2 === 0 ? [[name, reply[at + 1] ?? ''] as const] : [])));
}

interface Parts {
  readonly nodes: readonly RedisNode[];
  readonly sentinels: readonly Redis[];
  readonly sentinelPorts: readonly number[];
  readonly stop: () => Promise<void>;
}

function assembled({ nodes, sentinels, sentinelPorts, stop }: Parts): SentinelTopology {
  const masterOf = () =>
    eventually('the sentinels to agree on a master', async () => {
      const ports = await Promise.all(sentinels.map(async (sentinel) => (await fieldsOf(sentinel)).get('port')));
      return ports.every((port) => port === ports[0]) && nodes.find(({ port }) => String(port) === ports[0]);
    });
  return {
    kind: 'sentinel',
    config: {
      kind: 'sentinel',
      sentinels: sentinelPorts.map(hostAndPort),
      name: NAME,
      username: null,
      passwordFile: null,
    },
    environment: { BATON_REDIS_SENTINELS: listOf(sentinelPorts), BATON_REDIS_SENTINEL_NAME: NAME },
    nodes,
    sentinels,
    ...masterFaults(masterOf),
    masters: async () => [await masterOf()],
    cutReplicas: (master) =>
      cut(
        master,
        nodes.filter((node) => node !== master),
      ),
    async failOver() {
      const master = await masterOf();
      await sentinels[0]?.call('SENTINEL', 'FAILOVER', NAME);
      return master;
    },
    waitForPromotion: (_key, instead) =>
      eventually(
        `another master than that of port ${instead.port}`,
        async () => {
          const master = await masterOf();
          return master !== instead && (await infoOf(master, 'role')) === 'master' && master;
        },
        { withinMs: 15_000 },
      ),
    stop,
  };
}
