import { WebSocket } from 'ws';
import { connect, type Client, type Json, type StreamName, type Subscription } from '../../../src/client/index.js';
import { eventually } from '../eventually.js';

export interface GuestOptions {
  readonly url: string | readonly string[];
  readonly token: () => Promise<string>;
  /** Delays between attempts, in ms: short, so that a test doesn't wait for them. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/** A client of the SDK that remembers what happened to it, and whose sockets can be cut. */
export class Guest {
  readonly client: Client;
  /** What was acknowledged, in the order in which it was. */
  readonly acknowledged: Json[] = [];
  /** Publishes that were rejected. */
  readonly rejected: unknown[] = [];
  readonly resets: string[] = [];
  readonly lost: string[] = [];
  /** Closes of connections that this test didn't cut: `<code> <reason>`. */
  readonly closings: string[] = [];
  private readonly heardBy = new Map<StreamName, Json[]>();
  private readonly sockets: WebSocket[] = [];

  constructor(options: GuestOptions) {
    this.client = connect({
      url: options.url,
      token: options.token,
      backoff: options.backoff ?? { baseMs: 20, maxMs: 200 },
      webSocket: (url, protocol) => {
        const socket = new WebSocket(url, protocol, { perMessageDeflate: false });
        this.sockets.push(socket);
        return socket;
      },
      observer: (event) => {
        if (event.type === 'closed') this.closings.push(`${event.code} ${event.reason}`);
      },
    });
    this.client.on('reset', ({ stream, reason }) => this.resets.push(`${stream} ${reason}`));
    this.client.on('lost', (lost) => this.lost.push(JSON.stringify(lost)));
    this.client.on('error', () => undefined);
  }

  get session(): string {
    return this.client.session?.id ?? '';
  }
  /** The pod that it is connected to, or null. */
  get pod(): string | null {
    return 'pod' in this.client.state ? this.client.state.pod : null;
  }

  /** What came of this stream, in order, whether or not it is still subscribed. */
  heard(stream: StreamName): readonly Json[] {
    return this.heardBy.get(stream) ?? [];
  }
  subscribe(stream: StreamName): Subscription {
    const heard = this.heardBy.get(stream) ?? [];
    this.heardBy.set(stream, heard);
    return this.client.subscribe(stream, ({ data }) => heard.push(data));
  }
  /** Resolves when it is live on all of these. */
  async follow(streams: readonly StreamName[], withinMs = 10_000): Promise<void> {
    const ready = Promise.all(streams.map((stream) => this.subscribe(stream).ready)).then(() => true);
    await eventually(`${streams.join(' and ')} to be live`, () => ready, { withinMs });
  }

  /** Without waiting for the answer, which is remembered. */
  publish(stream: StreamName, data: Json): Promise<void> {
    return this.client.publish(stream, data).then(
      () => void this.acknowledged.push(data),
      (error: unknown) => void this.rejected.push(error),
    );
  }

  /** Ends whatever TCP connection it has, without a closing handshake. */
  cut(): void {
    for (const socket of this.sockets) socket.terminate();
  }
  async leave(): Promise<void> {
    await this.client.close();
  }
}
