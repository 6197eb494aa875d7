import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy that can stop passing bytes without closing anything: what a pulled cable, a dead NAT entry or a lost
 * reply looks like from both ends.
 */
export class TcpGate {
  /** Which bytes are swallowed from now on; connections stay open. */
  swallows: 'nothing' | 'answers' | 'everything' = 'nothing';
  /** Only connections over which the client has sent this; empty: all. */
  onlyWith = '';
  /** ... and only from when the client says this; empty: at once. In lower case, and within one write. */
  onlyFrom = '';
  readonly accepted: Socket[] = [];

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on('connection', (client) => {
      this.pass(client);
    });
  }

  static async start(url: string): Promise<TcpGate> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpGate(server, Number(new URL(url).port || 6379));
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.accepted) socket.destroy();
    await once(this.server, 'close');
  }

  private pass(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    this.accepted.push(client);
    let said = '';
    let begun = false;
    // TCP has no holes: what was swallowed once is followed by nothing.
    const dead = { questions: false, answers: false };
    const swallowed = (direction: 'questions' | 'answers'): boolean =>
      (dead[direction] ||=
        said.includes(this.onlyWith) &&
        (begun || this.onlyFrom === '') &&
        (this.swallows === 'everything' || this.swallows === direction));
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1').toLowerCase();
      if (said.length < 4_096) said += text;
      begun ||= this.onlyFrom !== '' && text.includes(this.onlyFrom);
      if (!swallowed('questions')) server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!swallowed('answers')) client.write(bytes);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}
