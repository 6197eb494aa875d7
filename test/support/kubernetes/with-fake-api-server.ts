import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { KubernetesConfig } from '../../../src/config/config.js';
import type { KubernetesOrchestrator } from '../../../src/kubernetes/kubernetes-orchestrator.js';
import { orchestratorOf } from '../../../src/kubernetes/orchestrator-of.js';
import type { WatchTimes } from '../../../src/kubernetes/watched-list.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Logger } from '../../../src/observability/logger.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { makeCertificates, type Certificates } from '../redis-topologies/certificates.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';
import { FakeApiServer } from './fake-api-server.js';

/** Retries come quickly; what takes long only when something is broken has the real patience. */
const quickTimes: WatchTimes = {
  answerMs: 5_000,
  silenceMs: 60_000,
  watchMs: 240_000,
  relistMs: 300_000,
  firstMs: 20,
  mostMs: 60,
  forbiddenMs: 60,
};

interface AskOptions {
  readonly times?: Partial<WatchTimes>;
  readonly config?: Partial<KubernetesConfig>;
  readonly connections?: () => number;
}

interface LogLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A pod's side of a fake API server. */
export interface Asking {
  readonly server: FakeApiServer;
  readonly certificates: Certificates;
  readonly tokenFile: string;
  readonly log: LogLine[];
  readonly metrics: Metrics;
  /** Starts what a pod would; stopped after the test. */
  readonly ask: (options?: AskOptions) => KubernetesOrchestrator;
  /** As a kubelet rotates it. */
  readonly writeToken: (token: string) => Promise<void>;
}

/** One server a test; ask for it in a test. */
export function withFakeApiServer(): () => Asking {
  let directory: TemporaryDirectory;
  let certificates: Certificates;
  let asking: Asking;
  const running: KubernetesOrchestrator[] = [];
  beforeAll(async () => {
    directory = await makeTemporaryDirectory('api-server');
    certificates = await makeCertificates(directory.path, 'kubernetes');
  });
  beforeEach(async () => {
    const server = await FakeApiServer.start(certificates);
    asking = await prepare(server, certificates, directory.path, (orchestrator) => running.push(orchestrator));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((orchestrator) => orchestrator.stop()));
    await asking.server.close();
  });
  afterAll(() => directory.remove());
  return () => asking;
}

async function prepare(
  server: FakeApiServer,
  certificates: Certificates,
  directory: string,
  started: (orchestrator: KubernetesOrchestrator) => unknown,
): Promise<Asking> {
  const tokenFile = join(directory, 'token');
  const writeToken = (token: string): Promise<void> => writeFile(tokenFile, `${token}\n`);
  await writeToken('first');
  const log: LogLine[] = [];
  const metrics = new Metrics();
  const write = (event: string, fields: LogLine['fields'] = {}) => void log.push({ event, fields });
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const ask = ({ times = {}, config = {}, connections = () => 0 }: AskOptions = {}): KubernetesOrchestrator => {
    const kubernetes: KubernetesConfig = {
      enabled: 'true',
      namespace: 'shop',
      service: 'baton',
      deployment: 'baton',
      events: 'true',
      deletionCost: 'false',
      apiUrl: server.url,
      tokenFile,
      caFile: certificates.caFile,
      ...config,
    };
    const pod = { name: 'baton-1', node: 'node-1' };
    const ports = { connections, clock: systemClock, logger, metrics, times: { ...quickTimes, ...times } };
    const orchestrator = orchestratorOf({ kubernetes, pod }, ports);
    started(orchestrator);
    orchestrator.start();
    return orchestrator;
  };
  return { server, certificates, tokenFile, log, metrics, ask, writeToken };
}
