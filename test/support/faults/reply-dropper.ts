import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import type { ScriptName } from '../../../src/redis/redis-ports.js';
import { loadScripts } from '../../../src/redis/scripts.js';

/** What becomes of the connection whose reply was dropped. */
export type Aftermath = 'cut' | 'half-open';

interface Wanted {
  readonly script: ScriptName;
  readonly aftermath: Aftermath;
  /** Calls of it that still pass. */
  left: number;
}

/**
 * Between a pod and Redis: lets Redis execute a call of one script and keeps the reply, and whatever is said on that
 * connection from then on, to itself.
 */
export class ReplyDropper {
  /** Replies dropped so far: calls that had their effect and no answer. */
  dropped = 0;
  private wanted: Wanted | null = null;
  private readonly sockets = new Set<Socket>();
  private readonly nameOf: ReadonlyMap<string, string>;

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    this.nameOf = new Map([...loadScripts()].map(([name, { sha1 }]) => [sha1, name]));
    server.on('connection', (client) => {
      this.forward(client);
    });
  }

  /** Redis knows all scripts from now on, so that no call is answered NOSCRIPT. */
  static async start(url: string): Promise<ReplyDropper> {
    const redis = new Redis(url, { disconnectTimeout: 50 });
    for (const { text } of loadScripts().values()) await redis.script('LOAD', text);
    redis.disconnect();
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ReplyDropper(server, Number(new URL(url).port));
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next reply of this script, or the one after so many others. */
  dropReplyOf(script: ScriptName, aftermath: Aftermath, after = 0): void {
    this.wanted = { script, aftermath, left: after };
  }
  /** False if the script wasn't called as often. */
  get hasDropped(): boolean {
    return this.wanted === null;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private forward(client: Socket): void {
    const redis = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    const commands = new CommandReader();
    const before = `before ${randomBytes(8).toString('hex')}`;
    const after = `after ${randomBytes(8).toString('hex')}`;
    let state: 'passing' | 'marked' | 'keeping' = 'passing';
    let aftermath: Aftermath = 'cut';
    let kept = Buffer.alloc(0);
    client.on('data', (bytes: Buffer) => {
      for (const { raw, words } of commands.read(bytes)) {
        if (state !== 'passing') return;
        const taken = this.take(words);
        // Two marks say where the reply begins and that it has been given.
        redis.write(taken === null ? raw : Buffer.concat([ping(before), raw, ping(after)]));
        if (taken === null) continue;
        aftermath = taken;
        state = 'marked';
      }
    });
    redis.on('data', (bytes: Buffer) => {
      if (state === 'passing') {
        client.write(bytes);
        return;
      }
      kept = Buffer.concat([kept, bytes]);
      const end = kept.indexOf(`$${before.length}\r\n${before}\r\n`);
      if (state === 'marked' && end >= 0) {
        client.write(kept.subarray(0, end));
        state = 'keeping';
      }
      if (!kept.includes(after)) return;
      kept = Buffer.alloc(0);
      this.dropped += 1;
      if (aftermath === 'cut') client.destroy();
    });
    this.join(client, redis);
    this.join(redis, client);
  }

  private take([command = '', script = '']: readonly string[]): Aftermath | null {
    const { wanted } = this;
    if (wanted === null || !/^eval(sha)?$/i.test(command)) return null;
    const sha1 = command.length === 4 ? createHash('sha1').update(script).digest('hex') : script;
    if (this.nameOf.get(sha1) !== wanted.script) return null;
    wanted.left -= 1;
    if (wanted.left >= 0) return null;
    this.wanted = null;
    return wanted.aftermath;
  }

  private join(one: Socket, other: Socket): void {
    this.sockets.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      this.sockets.delete(one);
      other.destroy();
    });
  }
}

const ping = (text: string): Buffer => Buffer.from(`*2\r\n$4\r\nPING\r\n$${text.length}\r\n${text}\r\n`);

/** Whole commands out of a stream of bytes, each with its first two words. */
class CommandReader {
  private rest = Buffer.alloc(0);

  read(bytes: Buffer): readonly { readonly raw: Buffer; readonly words: readonly string[] }[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const found: { readonly raw: Buffer; readonly words: readonly string[] }[] = [];
    for (let one = this.first(); one !== null; one = this.first()) {
      found.push({ raw: this.rest.subarray(0, one.end), words: one.words });
      this.rest = this.rest.subarray(one.end);
    }
    return found;
  }

  /** Of RESP, `*<count>` and as many `$<length>` with their bytes; null until it is whole. */
  private first(): { readonly end: number; readonly words: readonly string[] } | null {
    const words: string[] = [];
    const lineEnd = (from: number) => this.rest.indexOf('\r\n', from);
    const numberAt = (from: number, to: number) => Number(this.rest.toString('latin1', from + 1, to));
    let at = lineEnd(0);
    if (at < 0) return null;
    const count = numberAt(0, at);
    at += 2;
    for (let index = 0; index < count; index += 1) {
      const end = lineEnd(at);
      if (end < 0) return null;
      const length = numberAt(at, end);
      if (this.rest.length < end + 2 + length + 2) return null;
      if (index < 2) words.push(this.rest.toString('utf8', end + 2, end + 2 + length));
      at = end + 2 + length + 2;
    }
    return { end: at, words };
  }
}
