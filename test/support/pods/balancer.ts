import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface BalancerOptions {
  /** How much later than readiness an endpoint is removed, in ms, as kube-proxies everywhere learn it late. */
  readonly removeLateMs: number;
}

/**
 * What a Service does: new TCP connections go to a random ready endpoint, established ones are never cut. It doesn't try
 * another endpoint when one refuses, as kube-proxy doesn't either.
 */
export class Balancer {
  private readonly endpoints = new Set<number>();
  private readonly removals = new Map<number, NodeJS.Timeout>();
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  /** Ends of half-open connections. */
  private readonly dead = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly options: BalancerOptions,
  ) {
    server.on('connection', (socket) => {
      this.forward(socket);
    });
  }

  static async start(options: BalancerOptions): Promise<Balancer> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Balancer(server, options);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Takes the endpoint in at once, and out `removeLateMs` later. */
  setReady(port: number, ready: boolean): void {
    if (ready) {
      clearTimeout(this.removals.get(port));
      this.removals.delete(port);
      this.endpoints.add(port);
    } else if (this.endpoints.has(port) && !this.removals.has(port)) {
      this.removals.set(
        port,
        setTimeout(() => {
          this.removals.delete(port);
          this.endpoints.delete(port);
        }, this.options.removeLateMs),
      );
    }
  }

  async stop(): Promise<void> {
    for (const removal of this.removals.values()) clearTimeout(removal);
    this.server.close();
    this.cutAll();
    for (const socket of this.dead) socket.destroy();
    await once(this.server, 'close');
  }

  /** Every established connection is cut at once. */
  cutAll(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  /** A share (0..1) of the established connections swallows everything from now on, and neither end is told, also not of a close. */
  halfOpen(share: number, random: () => number): void {
    for (const pair of this.pairs) {
      if (random() >= share) continue;
      this.pairs.delete(pair);
      for (const socket of pair) {
        socket.unpipe().resume();
        this.dead.add(socket);
      }
    }
  }

  private forward(client: Socket): void {
    const ports = [...this.endpoints];
    const port = ports[Math.floor(Math.random() * ports.length)];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const pod = connect({ port, host: '127.0.0.1', noDelay: true });
    const pair = [client, pod] as const;
    this.pairs.add(pair);
    client.pipe(pod).pipe(client);
    for (const [socket, other] of [pair, [pod, client]] as const) {
      // Its close follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        if (!this.dead.delete(socket)) other.destroy();
      });
    }
  }
}
