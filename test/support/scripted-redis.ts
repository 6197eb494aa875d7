import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../src/config/redis-config.js';

interface ScriptedConnection {
  /** In the order they came, from 1. */
  readonly number: number;
  hangUp(): void;
}

/** What a command is answered, as RESP; null closes its connection instead. */
export type Script = (
  command: readonly string[],
  connection: ScriptedConnection,
) => string | null | Promise<string | null>;

/** A server that answers commands as a test says: what a real Redis or sentinel says only for a moment. */
export class ScriptedRedis {
  /** Connections accepted so far. */
  accepted = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly script: Script,
  ) {
    server.on('connection', (socket) => {
      this.accepted += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
      this.serve(socket, this.accepted);
    });
  }

  static async start(script: Script): Promise<ScriptedRedis> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedRedis(server, script);
  }

  get place(): HostPort {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }
  get open(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket, number: number): void {
    let rest = '';
    const connection = { number, hangUp: () => socket.destroy() };
    let answered = Promise.resolve();
    const answer = async (words: readonly string[]) => {
      const reply = await this.script(words, connection);
      if (reply === null) socket.destroy();
      else if (!socket.destroyed) socket.write(reply);
    };
    socket.setEncoding('utf8').on('data', (text: string) => {
      rest += text;
      for (let command = firstCommand(rest); command !== null; command = firstCommand(rest)) {
        const { words, length } = command;
        rest = rest.slice(length);
        answered = answered.then(() => answer(words));
      }
    });
  }
}

/** What is answered to a new connection. */
export function greeting([name = '']: readonly string[]): string | null {
  if (name === 'hello') return '%1\r\n$5\r\nproto\r\n:3\r\n';
  return name === 'client' ? '+OK\r\n' : null;
}

/** `*<count>`, then `$<length>` and the word for each; what is sent here is ASCII. */
function firstCommand(text: string): { readonly words: readonly string[]; readonly length: number } | null {
  const lines = text.split('\r\n');
  const count = Number(lines[0]?.slice(1));
  const used = 1 + 2 * count;
  if (!(count > 0) || lines.length <= used) return null;
  const words = Array.from({ length: count }, (_, at) => lines[2 + 2 * at] ?? '').map((word, at) =>
    at === 0 ? word.toLowerCase() : word,
  );
  return { words, length: lines.slice(0, used).join('\r\n').length + 2 };
}
