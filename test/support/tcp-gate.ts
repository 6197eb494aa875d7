import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Passage {
  readonly client: Socket;
  /** The beginning of what the client has sent, in lower case. */
  said: string;
  readonly dead: { questions: boolean; answers: boolean };
}

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
  private readonly passages = new Set<Passage>();

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

  /** Open connections over which the client has sent this pass nothing any more; new ones work. How many there are. */
  deaden(word: string): number {
    const found = this.with(word);
    for (const { dead } of found) dead.questions = dead.answers = true;
    return found.length;
  }
  /** As if the server said this, over open connections over which the client has sent the word. How many there are. */
  say(word: string, bytes: Buffer): number {
    const found = this.with(word);
    for (const { client } of found) client.write(bytes);
    return found.length;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.accepted) socket.destroy();
    await once(this.server, 'close');
  }

  private with(word: string): readonly Passage[] {
    return [...this.passages].filter(({ said }) => said.includes(word));
  }

  private pass(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    this.accepted.push(client);
    let begun = false;
    // TCP has no holes: what was swallowed once is followed by nothing.
    const passage: Passage = { client, said: '', dead: { questions: false, answers: false } };
    const { dead } = passage;
    this.passages.add(passage);
    client.on('close', () => this.passages.delete(passage));
    const swallowed = (direction: 'questions' | 'answers'): boolean =>
      (dead[direction] ||=
        passage.said.includes(this.onlyWith) &&
        (begun || this.onlyFrom === '') &&
        (this.swallows === 'everything' || this.swallows === direction));
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1').toLowerCase();
      if (passage.said.length < 4_096) passage.said += text;
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
