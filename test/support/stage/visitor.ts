import { connect, type Client, type Message, type StreamName } from '../../../src/client/index.js';
import { callApi, type ApiAnswer } from '../load/api.js';
import { signToken } from '../load/credentials.js';
import type { Stage } from './stage.js';

/** A single client of a stage in this process, for tests that look at one thing closely. */
export class Visitor {
  readonly received: Message[] = [];
  readonly resets: StreamName[] = [];

  private constructor(readonly client: Client) {}

  /** Resolves when it is connected, first to this URL, and subscribed. Later it may also come through the balancer. */
  static async arrive(stage: Stage, first: string, user: string, streams: readonly StreamName[]): Promise<Visitor> {
    const url = [first, stage.url];
    const [tenant = ''] = stage.options.tenants;
    const token = () => signToken(stage.secrets.signer, tenant, user);
    const visitor = new Visitor(connect({ url, token, allowedOrigins: 'same-host' }));
    visitor.client.on('reset', ({ stream }) => visitor.resets.push(stream));
    const subscriptions = streams.map((stream) =>
      visitor.client.subscribe(stream, (message) => visitor.received.push(message)),
    );
    await Promise.all(subscriptions.map(({ ready }) => ready));
    return visitor;
  }

  get session(): string {
    return this.client.session?.id ?? '';
  }
  /** The pod that it is connected to, or null. */
  get pod(): string | null {
    return 'pod' in this.client.state ? this.client.state.pod : null;
  }

  async leave(): Promise<void> {
    await this.client.close();
  }
}

/** `POST /v1/messages` at one pod, or through the balancer. */
export function sendTo(stage: Stage, apiUrl: string, to: unknown, data: unknown): Promise<ApiAnswer> {
  const apiKey = stage.apiKeys[0]?.key ?? '';
  return callApi({ method: 'POST', url: `${apiUrl}/v1/messages`, apiKey, body: { to, data } });
}
