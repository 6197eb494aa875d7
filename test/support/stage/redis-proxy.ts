import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Between pods and Redis: makes connections that subscribe slow on request, and leaves the others alone. */
export class RedisProxy {
  /** How long whatever goes over a subscriber connection takes, each way, in ms. */
  subscriberDelayMs = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => {
      this.forward(client);
    });
  }

  static async start(redisUrl: string): Promise<RedisProxy> {
    const { hostname: host, port } = new URL(redisUrl);
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RedisProxy(server, { host, port: Number(port || 6379) });
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private forward(client: Socket): void {
    const redis = connect({ ...this.target, noDelay: true });
    let subscribes = false;
    client.on('data', (bytes) => {
      subscribes ||= /\bsubscribe\r\n/i.test(bytes.toString('latin1'));
    });
    this.pass(client, redis, () => subscribes);
    this.pass(redis, client, () => subscribes);
  }

  /** In order, also when the delay changes: a chunk is never sent before one that came earlier. */
  private pass(from: Socket, to: Socket, isSlow: () => boolean): void {
    let lastAtMs = 0;
    this.sockets.add(from);
    from.on('data', (bytes) => {
      const nowMs = performance.now();
      const atMs = Math.max(lastAtMs, nowMs + (isSlow() ? this.subscriberDelayMs : 0));
      if (atMs <= nowMs) {
        to.write(bytes);
        return;
      }
      lastAtMs = atMs;
      setTimeout(() => to.write(bytes), atMs - nowMs);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
