import { OpenConnections } from '../../../src/connections/open-connections.js';
import { FLEET, type Fleet } from '../../../src/fleet/fleet.js';
import type { RunningPod } from '../../../src/start-pod.js';
import { eventually } from '../eventually.js';
import { install, startPodHere, type Installation } from '../in-process-pod.js';
import { newKeyPrefix, type RedisTopology } from './topology.js';
import { Traffic, type TrafficOptions } from './traffic.js';

/** Two pods in this process on a topology, quick to give a command up, and traffic through both. */
export class PodsOn {
  private readonly traffics: Traffic[] = [];

  private constructor(
    readonly installation: Installation,
    readonly keyPrefix: string,
    readonly pods: readonly RunningPod[],
  ) {}

  static async start(
    { environment }: Pick<RedisTopology, 'environment'>,
    more: Readonly<Record<string, string>> = {},
  ): Promise<PodsOn> {
    const keyPrefix = newKeyPrefix();
    const installation = await install({ environment, keyPrefix }, []);
    const quick = { BATON_REDIS_COMMAND_TIMEOUT_MS: '1000', BATON_REDIS_CONNECT_TIMEOUT_MS: '1000' };
    const settings = { ...installation.environment, ...quick, ...more };
    const starts = ['pod-a', 'pod-b'].map((name) => startPodHere(settings, name));
    return new PodsOn(installation, keyPrefix, await Promise.all(starts));
  }

  get ports(): readonly number[] {
    return this.pods.map(({ port }) => port);
  }

  /** Until every pod has beaten again after an absence of Redis: before that it tells newcomers `busy`. */
  async takeNewcomers(): Promise<void> {
    const fleets = this.pods.map(({ app }) => app.get<Fleet>(FLEET));
    await eventually('every pod to know its peers again', () => fleets.every(({ stale }) => !stale));
  }

  /** Ends what there was before. */
  async traffic(options: Partial<TrafficOptions> = {}): Promise<Traffic> {
    await this.endTraffic();
    const traffic = await Traffic.begin(this.installation, {
      ports: this.ports,
      clients: 8,
      perSecond: 10,
      ...options,
    });
    this.traffics.push(traffic);
    return traffic;
  }

  /** Asks every client of one pod to go to another, as a drain does. Returns how many. */
  moveAll(from: number, to: number): number {
    const endpoints = [`ws://127.0.0.1:${this.ports[to] ?? 0}`];
    const connections = [...(this.pods[from]?.app.get(OpenConnections).all() ?? [])];
    const open = connections.filter(({ state }) => state === 'open');
    for (const connection of open) connection.migrate({ reason: 'drain', withinMs: 0, deadlineMs: 10_000, endpoints });
    return open.length;
  }

  private async endTraffic(): Promise<void> {
    await Promise.all(this.traffics.splice(0).map((traffic) => traffic.stop()));
  }

  async stop(): Promise<void> {
    await this.endTraffic();
    await Promise.all(this.pods.map((pod) => pod.close()));
    await this.installation.remove();
  }
}
