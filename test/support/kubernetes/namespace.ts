import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { hasCluster } from './cluster-here.js';
import { mustRun, type ProgramOptions, type ProgramResult, run } from './program.js';

/** A namespace of one test, in which Pod Security admits only what the level "restricted" allows. */
export class TestNamespace {
  private constructor(readonly name: string) {}

  static async create(purpose: string): Promise<TestNamespace> {
    const name = `baton-test-${purpose}-${randomBytes(3).toString('hex')}`;
    await mustRun('kubectl', ['create', '--filename', '-'], { input: JSON.stringify(manifest(name)) });
    return new TestNamespace(name);
  }

  /** kubectl in this namespace. @throws Error unless it succeeds */
  kubectl(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    return mustRun('kubectl', ['--namespace', this.name, ...args], options);
  }

  /** kubectl in this namespace, whatever its exit code. */
  tryKubectl(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    return run('kubectl', ['--namespace', this.name, ...args], options);
  }

  /** Where this machine reaches a Service: its ClusterIP and first port. */
  async addressOf(service: string): Promise<{ readonly host: string; readonly port: number }> {
    const path = '{.spec.clusterIP} {.spec.ports[0].port}';
    const [host = '', port = ''] = (await this.kubectl(['get', 'service', service, `-o=jsonpath=${path}`])).split(' ');
    return { host, port: Number(port) };
  }

  /** One entry of a Secret. */
  async secretEntry(secret: string, entry: string): Promise<string> {
    const path = `{.data.${entry.replaceAll('.', '\\.')}}`;
    return Buffer.from(await this.kubectl(['get', 'secret', secret, `-o=jsonpath=${path}`]), 'base64').toString();
  }

  /** Deletes it and waits until it is gone; pods are killed, for nobody is served by them any more. */
  async remove(): Promise<void> {
    await this.tryKubectl(['delete', 'deployments', '--all', '--cascade=background', '--wait=false']);
    await this.tryKubectl(['delete', 'pods', '--all', '--force', '--grace-period=0', '--wait=false']);
    await mustRun('kubectl', ['delete', 'namespace', this.name, '--wait', '--timeout=90s'], { deadlineMs: 100_000 });
  }
}

function manifest(name: string) {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    // Says so for a Deployment, too, whose pods would only be refused later.
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A namespace for the tests of a file (or of a `describe`); none where there is no cluster. Ask for it in a test. */
export function withNamespace(purpose: string): () => TestNamespace {
  let namespace: TestNamespace | undefined;
  beforeAll(async () => {
    if (hasCluster) namespace = await TestNamespace.create(purpose);
  });
  afterAll(async () => {
    await namespace?.remove();
  }, 120_000);
  return () => {
    if (namespace === undefined) throw new Error('the namespace exists only while tests run');
    return namespace;
  };
}
