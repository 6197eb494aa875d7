import type { RunningPod } from '../../../src/start-pod.js';
import { call, install, startPodHere, type HttpAnswer, type Installation } from '../in-process-pod.js';
import { Guest } from './guest.js';

const TENANT = 'acme';

/** Pods in this process that share an installation, each at ports that it keeps through a restart. */
export class PodsHere {
  private readonly running = new Map<string, RunningPod>();
  private readonly ports = new Map<string, { readonly port: number; readonly healthPort: number }>();
  private readonly guests: Guest[] = [];

  private constructor(private readonly installation: Installation) {}

  static async install(redis: { readonly url: string; readonly keyPrefix: string }): Promise<PodsHere> {
    const grants = [{ stream: '*', can: ['publish', 'subscribe', 'presence'] as const }];
    return new PodsHere(await install(redis, [{ id: 'backend', tenant: TENANT, grants }]));
  }

  /** Also after `end`: it comes back where it was. */
  async start(name: string, more: Readonly<Record<string, string>> = {}): Promise<RunningPod> {
    const ports = this.ports.get(name) ?? { port: 0, healthPort: 0 };
    const pod = await startPodHere(this.installation.environment, name, {
      BATON_PORT: String(ports.port),
      BATON_HEALTH_PORT: String(ports.healthPort),
      BATON_POD_IP: '127.0.0.1',
      ...more,
    });
    this.ports.set(name, { port: pod.port, healthPort: pod.healthPort });
    this.running.set(name, pod);
    return pod;
  }
  /** Without a drain: whoever is connected is cut. */
  async end(name: string): Promise<void> {
    const pod = this.running.get(name);
    this.running.delete(name);
    await pod?.close();
  }
  async restart(name: string): Promise<void> {
    await this.end(name);
    await this.start(name);
  }

  url(name: string): string {
    return `ws://127.0.0.1:${this.portOf(name)}`;
  }
  token(user: string): Promise<string> {
    return this.installation.token(TENANT, user);
  }
  /** A client that comes to these pods in turn. */
  guest(user: string, ...names: readonly string[]): Guest {
    const guest = new Guest({ url: names.map((name) => this.url(name)), token: () => this.token(user) });
    this.guests.push(guest);
    return guest;
  }

  /** A call of the backend. */
  call(
    name: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    const bearer = this.installation.bearer('backend');
    return call(this.portOf(name), method, path, { bearer, headers, ...(body === undefined ? {} : { body }) });
  }
  send(name: string, to: object, data: unknown, key: string): Promise<HttpAnswer> {
    return this.call(name, 'POST', '/v1/messages', { to, data }, { 'idempotency-key': key });
  }
  async probe(name: string, path: string): Promise<number> {
    return (await call(this.ports.get(name)?.healthPort ?? 0, 'GET', path)).status;
  }

  async close(): Promise<void> {
    await Promise.all(this.guests.splice(0).map((guest) => guest.leave()));
    await Promise.all([...this.running.values()].map((pod) => pod.close()));
    await this.installation.remove();
  }

  private portOf(name: string): number {
    return this.ports.get(name)?.port ?? 0;
  }
}
