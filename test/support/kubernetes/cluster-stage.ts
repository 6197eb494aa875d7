import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApiKey, TokenSigner } from '../load/credentials.js';
import { repository } from '../stage/build-under-test.js';
import type { CrowdPlace } from '../stage/crowd.js';
import { smallStage, type StageOptions } from '../stage/stage-options.js';
import { applyChart, imageValues } from './chart.js';
import { reportFailure } from './failure-report.js';
import type { TestNamespace } from './namespace.js';
import { type LogEntry, PodLogs } from './pod-logs.js';
import { PodWatch } from './pod-watch.js';

/** The tenant of the API key that the chart makes. */
const tenant = 'development';
const servers = 'app.kubernetes.io/component=server';

/** What a Stage is with processes, on a cluster: the chart as installed, for a crowd that stays outside. */
export class ClusterStage implements CrowdPlace {
  private constructor(
    readonly namespace: TestNamespace,
    readonly options: StageOptions,
    readonly watch: PodWatch,
    private readonly podLogs: PodLogs,
    private readonly outside: Outside,
  ) {}

  /**
   * Installs the chart with its defaults and the images under test; resolves when all pods are ready.
   * @param name of the directory below test-results/ that keeps all logs
   */
  static async install(namespace: TestNamespace, name: string, options: Partial<StageOptions>): Promise<ClusterStage> {
    const directory = resolve(repository, 'test-results', name);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, 'records'), { recursive: true });
    const podLogs = new PodLogs(namespace.name, join(directory, 'pods'));
    const watch = new PodWatch(namespace.name, servers, ({ name }) => podLogs.follow(name));
    const wanted = { ...smallStage, replicas: 3, ...options, tenants: [tenant] };
    try {
      await applyChart(namespace.name, { ...imageValues(), replicas: wanted.replicas }, 120_000);
      return new ClusterStage(namespace, wanted, watch, podLogs, await outsideView(namespace, directory));
    } catch (error) {
      process.stderr.write(await reportFailure(namespace, podLogs, directory));
      await Promise.all([watch.stop(), podLogs.stop()]);
      throw error;
    }
  }

  get url(): string {
    return `ws://${this.outside.address}`;
  }
  get apiUrl(): string {
    return `http://${this.outside.address}`;
  }
  get secrets(): { readonly signer: TokenSigner } {
    return this.outside;
  }
  get apiKeys(): readonly ApiKey[] {
    return this.outside.apiKeys;
  }
  get logs(): string {
    return join(this.outside.directory, 'records');
  }

  /** What a pod has logged until now; lines that aren't ours are left out. */
  logOf(pod: string): readonly LogEntry[] {
    return this.podLogs.entries(pod);
  }

  /** Pods, events and the ends of logs, told before the namespace goes. */
  async reportFailure(): Promise<void> {
    process.stderr.write(await reportFailure(this.namespace, this.podLogs, this.outside.directory));
  }

  /** Stops watching; the namespace goes with the test's. */
  async close(): Promise<void> {
    await Promise.all([this.watch.stop(), this.podLogs.stop()]);
  }
}

interface Outside {
  readonly address: string;
  readonly signer: TokenSigner;
  readonly apiKeys: readonly ApiKey[];
  readonly directory: string;
}

async function outsideView(namespace: TestNamespace, directory: string): Promise<Outside> {
  const { host, port } = await namespace.addressOf('baton');
  const secret = await namespace.secretEntry('baton-auth', 'token-secret');
  const key = await namespace.secretEntry('baton-auth', 'api-key');
  const signer = { secret, issuer: 'baton', audience: 'baton' };
  return { address: `${host}:${port}`, signer, apiKeys: [{ tenant, key }], directory };
}
