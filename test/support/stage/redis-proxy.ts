import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Between pods and Redis: makes connections slow, cuts them, or lets what they say vanish, on request. */
export class RedisProxy {
  /** How long whatever goes over a subscriber connection takes, each way, in ms. */
  subscriberDelayMs = 0;
  /** How long whatever goes over any connection takes, each way, in ms. */
  delayMs = 0;
  private state: 'open' | 'cut' | 'half-open' = 'open';
  private readonly sockets = new Set<Socket>();
  /** TCP has no holes: over a connection that has swallowed something nothing comes any more. */
  private readonly dead = new WeakSet<Socket>();

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

  /** Closes all connections, and new ones at once, until `mend`. */
  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }
  /** What is said from now on vanishes, also over new connections, until `mend`; nothing is closed. */
  halfOpen(): void {
    this.state = 'half-open';
  }
  /** New connections work again; those that went dead stay so. */
  mend(): void {
    this.state = 'open';
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private forward(client: Socket): void {
    // Somebody listens before anything can fail.
    client.on('error', () => client.destroy());
    if (this.state === 'cut') {
      client.destroy();
      return;
    }
    const redis = connect({ ...this.target, noDelay: true });
    let subscribes = false;
    client.on('data', (bytes) => {
      subscribes ||= /\bs?subscribe\r\n/i.test(bytes.toString('latin1'));
    });
    const slowMs = () => Math.max(this.delayMs, subscribes ? this.subscriberDelayMs : 0);
    this.pass(client, redis, slowMs);
    this.pass(redis, client, slowMs);
  }

  private pass(from: Socket, to: Socket, slowMs: () => number): void {
    const late = new LateBytes(to);
    this.sockets.add(from);
    from.on('data', (bytes) => {
      if (!this.vanishes(from)) late.write(bytes, slowMs());
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      late.stop();
      to.destroy();
    });
  }

  private vanishes(from: Socket): boolean {
    if (this.state === 'half-open') this.dead.add(from);
    return this.dead.has(from);
  }
}

/** What is written late, in order, also when the delay shrinks: timers of different lengths don't keep to theirs. */
class LateBytes {
  private readonly waiting: { readonly atMs: number; readonly bytes: Buffer }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly to: Socket) {}

  write(bytes: Buffer, delayMs: number): void {
    this.waiting.push({ atMs: performance.now() + delayMs, bytes });
    if (this.waiting.length === 1) this.flush();
  }
  stop(): void {
    clearTimeout(this.timer);
  }

  private flush(): void {
    for (let [next] = this.waiting; next !== undefined; [next] = this.waiting) {
      const leftMs = next.atMs - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => {
          this.flush();
        }, leftMs);
        return;
      }
      this.to.write(next.bytes);
      this.waiting.shift();
    }
  }
}
