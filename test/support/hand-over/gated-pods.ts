import { OpenConnections } from '../../../src/connections/open-connections.js';
import { asSessionId, asTenantId } from '../../../src/protocol/ids.js';
import { SESSION_STORE, type SessionRow, type SessionStore } from '../../../src/sessions/session-store.js';
import type { RunningPod } from '../../../src/start-pod.js';
import { install, startPodHere, type Caller, type Installation } from '../in-process-pod.js';
import { TcpGate } from '../tcp-gate.js';
import { FrameGate } from './frame-gate.js';

export const TENANT = 'acme';

/** A pod of this process between two gates: its clients come through one, and it reaches Redis through the other. */
export interface GatedPod {
  readonly name: string;
  readonly pod: RunningPod;
  readonly clients: FrameGate;
  readonly redis: TcpGate;
  /** For everybody else it is as if its node had died. */
  die(): void;
}

/** Pods that share a Redis and credentials. */
export class GatedPods {
  readonly all: GatedPod[] = [];

  private constructor(
    private readonly installation: Installation,
    private readonly redisUrl: string,
  ) {}

  static async install(
    redis: { readonly url: string; readonly keyPrefix: string },
    callers: readonly Caller[] = [],
  ): Promise<GatedPods> {
    return new GatedPods(await install(redis, callers), redis.url);
  }

  async start(name: string, more: Readonly<Record<string, string>> = {}): Promise<GatedPod> {
    const redis = await TcpGate.start(this.redisUrl);
    let port = 0;
    const clients = await FrameGate.start(() => port);
    const pod = await startPodHere(this.installation.environment, name, {
      BATON_REDIS_URL: redis.url,
      BATON_ADVERTISED_URL: clients.url,
      ...more,
    });
    port = pod.port;
    const die = (): void => {
      clients.close();
      redis.swallows = 'everything';
    };
    const gated = { name, pod, clients, redis, die };
    this.all.push(gated);
    return gated;
  }

  /** Those that haven't died, oldest first. */
  get living(): readonly GatedPod[] {
    return this.all.filter(({ redis }) => redis.swallows === 'nothing');
  }

  token(user: string, tenant = TENANT): Promise<string> {
    return this.installation.token(tenant, user);
  }

  /** As a backend uses it on a socket. */
  apiKey(id: string): string {
    return this.installation.bearer(id).slice('Bearer '.length);
  }

  async close(): Promise<void> {
    for (const { clients } of this.all) clients.close();
    await Promise.all(this.all.map(({ pod }) => pod.close()));
    await Promise.all(this.all.map(({ redis }) => redis.stop()));
    await this.installation.remove();
  }
}

/** Asks the client of the session to go to another pod, as a drain does. */
export function askToMove(from: GatedPod, session: string, to: GatedPod, deadlineMs = 10_000): void {
  for (const connection of from.pod.app.get(OpenConnections).all()) {
    if (connection.state === 'open' && connection.session?.row.session === session)
      connection.migrate({ reason: 'drain', withinMs: 0, deadlineMs, endpoints: [to.clients.url] });
  }
}

/** The row of a session, read through this pod. */
export async function rowOf(through: GatedPod, session: string): Promise<SessionRow> {
  const store = through.pod.app.get<SessionStore>(SESSION_STORE);
  const row = await store.get({ tenant: asTenantId(TENANT), session: asSessionId(session) });
  if (row === null) throw new Error(`there is no session ${session}`);
  return row;
}

/** The pods on which a connection holds the session, by what they know themselves. */
export function holdersOf(pods: readonly GatedPod[], session: string): readonly string[] {
  return pods.flatMap(({ name, pod }) =>
    [...pod.app.get(OpenConnections).all()].flatMap((connection) =>
      connection.state === 'open' && connection.session?.row.session === session ? [name] : [],
    ),
  );
}
