import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grant } from '../src/protocol/grants.js';
import { signToken } from '../test/support/load/credentials.js';
import { podEnvironment, quickDrain, writeSecrets, type Secrets } from '../test/support/pods/pod-environment.js';
import { ownBuild, repository } from '../test/support/stage/build-under-test.js';
import { startRedisServer, type RedisServer } from '../test/support/redis-server.js';
import { makeTemporaryDirectory } from '../test/support/temporary-directory.js';
import { buildLoadClient, LoadClient, type Protocol } from './load-client.js';
import { cores, moveToCore } from './machine.js';
import type { BenchOptions } from './options.js';
import { Server, type ServerOptions } from './server.js';

export const TENANT = 'bench';
const GRANTS: readonly Grant[] = [{ stream: '*', can: ['subscribe', 'publish'] }];

/** Files of them, by what they allow: one's own streams, which takes no grant, or all. */
interface Tokens {
  readonly own: string;
  readonly all: string;
}
/** Users of the cases that aren't about many of them. */
const FEW = 2_000;

interface Stoppable {
  stop(gently?: boolean): Promise<void> | void;
}

/** What a case needs: Redis, servers and load clients, all ended with it. */
export class Stage {
  private readonly running: Stoppable[] = [];

  private constructor(
    readonly options: BenchOptions,
    private readonly directory: string,
    private readonly secrets: Secrets,
    private readonly program: string,
    private readonly tokens: Tokens,
  ) {}

  /** Tokens of as many users as there are connections. */
  static async prepare(
    options: BenchOptions,
  ): Promise<{ readonly stage: Stage; readonly remove: () => Promise<void> }> {
    const directory = await makeTemporaryDirectory('bench');
    const secrets = await writeSecrets(directory.path, []);
    const write = async (name: keyof Tokens, users: number, grants: readonly Grant[]) => {
      const lines: string[] = [];
      for (let user = 0; user < users; user += 1)
        lines.push(await signToken(secrets.signer, TENANT, `user-${user}`, grants));
      const path = join(directory.path, `tokens-${name}`);
      await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
      return path;
    };
    const tokens = { own: await write('own', options.connections, []), all: await write('all', FEW, GRANTS) };
    const stage = new Stage(options, directory.path, secrets, buildLoadClient(), tokens);
    return { stage, remove: directory.remove };
  }

  /** Beside the load client, because elsewhere it would have a machine of its own. */
  async redis(): Promise<RedisServer> {
    const redis = await startRedisServer({ alwaysOwn: true });
    this.running.push(redis);
    if (redis.pid !== undefined) moveToCore(redis.pid, cores.load);
    return redis;
  }

  /** With the product's defaults but for what is named. */
  pod(redis: RedisServer, name = 'pod-1', more: Readonly<Record<string, string>> = {}, core?: null): Promise<Server> {
    const base = podEnvironment({ url: redis.url, keyPrefix: 'bench:' }, quickDrain);
    const { BATON_HOST, BATON_PORT, BATON_HEALTH_PORT, BATON_REDIS_KEY_PREFIX, BATON_WORKLOAD } = base;
    const { profile } = this.options;
    return this.server({
      main: ownBuild.pod,
      environment: {
        ...{ BATON_HOST, BATON_PORT, BATON_HEALTH_PORT, BATON_REDIS_KEY_PREFIX, BATON_WORKLOAD },
        BATON_REDIS_URL: redis.url,
        // The load client comes with all its connections at once.
        BATON_HELLOS_PER_SECOND: '1000000',
        ...this.secrets.environment,
        BATON_POD_NAME: name,
        ...more,
      },
      ...(core === undefined ? {} : { core }),
      ...(profile === null ? {} : { flags: ['--cpu-prof', `--cpu-prof-dir=${profile}`] }),
    });
  }

  peer(name: 'socket-io' | 'bare-ws', environment: Readonly<Record<string, string>> = {}): Promise<Server> {
    return this.server({ main: join(repository, `bench/peers/${name}.mjs`), environment });
  }

  load(protocol: Protocol, server: Server, clients: number, may: keyof Tokens = 'all'): LoadClient {
    const load = LoadClient.start(this.program, protocol, server.port, clients, this.tokens[may]);
    this.running.push(load);
    return load;
  }

  async clear(): Promise<void> {
    for (const one of this.running.splice(0).reverse()) await one.stop(this.options.profile !== null);
  }

  private async server(options: ServerOptions): Promise<Server> {
    const server = await Server.start(options);
    this.running.push(server);
    return server;
  }
}
