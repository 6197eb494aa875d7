import { randomBytes } from 'node:crypto';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DurableRedis } from '../faults/durable-redis.js';
import { freePort } from '../free-port.js';
import { makeApiKey, type ApiKey } from '../load/credentials.js';
import { Balancer } from '../pods/balancer.js';
import { Deployment, type DeployedPod } from '../pods/deployment.js';
import { podEnvironment, writeSecrets, type Secrets } from '../pods/pod-environment.js';
import { PodProcess } from '../pods/pod-process.js';
import { startRedisServer, type RedisServer } from '../redis-server.js';
import { startCluster } from '../redis-topologies/cluster.js';
import { startSentinel } from '../redis-topologies/sentinel.js';
import type { RedisTopology } from '../redis-topologies/topology.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';
import { RedisWays } from './redis-ways.js';
import { smallStage, type StageOptions } from './stage-options.js';

const firstRevision = 'r1';

/** Redis, pods in a Deployment, and a balancer before them: everything but clients. Close it, whatever happens. */
export class Stage {
  readonly deployment: Deployment;
  private readonly numbers = new Map<string, number>();

  private constructor(
    readonly options: StageOptions,
    private readonly place: TemporaryDirectory,
    private readonly parts: StageParts,
  ) {
    this.deployment = new Deployment(
      {
        replicas: options.replicas,
        graceMs: options.drain.graceMs,
        restarts: options.restartsPods,
        startPod: (revision) => this.startPod(revision),
        onEndpoint: ({ port }, ready) => {
          parts.balancer.setReady(port, ready);
        },
      },
      firstRevision,
    );
  }

  /** Resolves when all pods are ready. What it started is gone again if it rejects. */
  static async start(wanted: Partial<StageOptions> = {}): Promise<Stage> {
    const options = { ...smallStage, ...wanted };
    const place = await makeTemporaryDirectory('stage');
    const stage = new Stage(options, place, await startParts(options, place.path));
    try {
      await stage.deployment.rolledOut(30_000);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get directory(): string {
    return this.place.path;
  }
  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${this.parts.balancer.port}`;
  }
  /** Where backends send. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.parts.balancer.port}`;
  }
  get secrets(): Secrets {
    return this.parts.secrets;
  }
  get apiKeys(): readonly ApiKey[] {
    return this.parts.apiKeys;
  }
  get keyPrefix(): string {
    return this.parts.keyPrefix;
  }
  /** The only server, or any of several. */
  get redis(): Pick<RedisServer, 'url' | 'pid'> {
    const { redis } = this.parts;
    return 'nodes' in redis ? { url: redis.nodes[0]?.url ?? '', pid: undefined } : redis;
  }
  /** Servers that replace one another, if there are. */
  get topology(): RedisTopology | null {
    const { redis } = this.parts;
    return 'nodes' in redis ? redis : null;
  }
  /** For what ends Redis. */
  get durableRedis(): DurableRedis {
    if (!(this.parts.redis instanceof DurableRedis)) throw new Error('only a stage with a durable Redis can end it');
    return this.parts.redis;
  }
  get ways(): RedisWays {
    if (this.parts.ways === null) throw new Error('only a stage with a fragile or durable Redis has ways to it');
    return this.parts.ways;
  }
  get balancer(): Balancer {
    return this.parts.balancer;
  }
  /** Where clients and backends write their logs. */
  get logs(): string {
    return join(this.directory, 'records');
  }

  /** Pods that were told to end and didn't with code 0. Before it has begun to listen a program may die of the signal. */
  get badExits(): readonly string[] {
    const ended = this.deployment.pods.filter(({ terminating, exit }) => terminating && exit !== null);
    const bad = ended.filter(({ exit, ports }) => exit?.code !== 0 && !(exit?.signal === 'SIGTERM' && ports === null));
    return bad.map((pod) => `${pod.name} ended with ${howOf(pod)}`);
  }

  /** Copies logs of pods and clients to where a person can read them. */
  async keepLogs(directory: string): Promise<void> {
    await cp(this.directory, directory, { recursive: true });
  }

  async close(): Promise<void> {
    await this.deployment.stop();
    await stopParts(this.parts);
    await this.place.remove();
  }

  /** A pod besides the Deployment's, behind the same balancer once it is ready; the caller ends it. */
  async startExtraPod(revision: string, command?: readonly string[]): Promise<PodProcess> {
    const pod = await this.startPod(revision, command);
    const { port } = await pod.listening;
    this.parts.balancer.setReady(port, true);
    void pod.exited.then(() => {
      this.parts.balancer.setReady(port, false);
    });
    return pod;
  }

  private async startPod(revision: string, command?: readonly string[]): Promise<PodProcess> {
    const number = (this.numbers.get(revision) ?? 0) + 1;
    this.numbers.set(revision, number);
    const name = `${revision}-${number}`;
    const { keyPrefix, ways } = this.parts;
    const redis = this.topology
      ? { environment: this.topology.environment, keyPrefix }
      : { url: (await ways?.open(name)) ?? this.redis.url, keyPrefix };
    return PodProcess.start({
      name,
      revision,
      main: this.options.build.pod,
      logFile: join(this.directory, `${name}.log`),
      ...(command && { command }),
      environment: {
        ...podEnvironment(redis, this.options.drain),
        ...this.parts.secrets.environment,
        ...this.options.environment,
        ...this.options.environmentOf(revision),
        ...(this.options.advertise && (await ownAddress())),
        BATON_POD_NAME: name,
        BATON_REVISION: revision,
      },
    });
  }
}

interface StageParts {
  readonly redis: RedisServer | DurableRedis | RedisTopology;
  readonly ways: RedisWays | null;
  readonly balancer: Balancer;
  readonly apiKeys: readonly ApiKey[];
  readonly secrets: Secrets;
  readonly keyPrefix: string;
}

async function startParts(options: StageOptions, directory: string): Promise<StageParts> {
  const apiKeys = options.tenants.map(makeApiKey);
  const secrets = await writeSecrets(join(directory, 'secrets'), apiKeys);
  await mkdir(join(directory, 'records'));
  const redis = await startRedis(options.redis);
  const ways = options.redis === 'any' || 'nodes' in redis ? null : new RedisWays(redis.url);
  const balancer = await Balancer.start({ removeLateMs: options.removeLateMs });
  return { redis, ways, balancer, apiKeys, secrets, keyPrefix: `stage-${randomBytes(6).toString('hex')}:` };
}

function startRedis(kind: StageOptions['redis']): Promise<StageParts['redis']> {
  switch (kind) {
    case 'sentinel':
      return startSentinel();
    case 'cluster':
      return startCluster();
    case 'durable':
      return DurableRedis.start();
    default:
      return startRedisServer({ alwaysOwn: kind === 'fragile' });
  }
}

async function stopParts({ balancer, ways, redis }: StageParts): Promise<void> {
  await balancer.stop();
  await ways?.close();
  await redis.stop();
}

/** A pod must know its port before it starts if it is to tell its URL. */
async function ownAddress(): Promise<Readonly<Record<string, string>>> {
  const port = await freePort();
  return { BATON_PORT: String(port), BATON_ADVERTISED_URL: `ws://127.0.0.1:${port}` };
}

function howOf({ exit }: DeployedPod): string {
  return exit?.signal ?? `code ${String(exit?.code)}`;
}
