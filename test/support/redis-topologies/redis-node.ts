import { mkdir } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { eventually } from '../eventually.js';
import { redisAdmin } from '../redis-admin.js';
import { type RedisProcess, startRedisProcess } from '../redis-process.js';

export interface RedisNodeOptions {
  readonly port: number;
  /** Its data and configuration; stays when the node is killed. */
  readonly directory: string;
  /** Of the server; the later of two wins. */
  readonly args: readonly string[];
}

const loopback = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

/** One server of a topology: it can die, stop breathing, and come back where it was. */
export class RedisNode {
  readonly url: string;
  private process: RedisProcess | null = null;
  private paused = false;
  private connection: Redis | null = null;

  constructor(private readonly options: RedisNodeOptions) {
    this.url = `redis://127.0.0.1:${options.port}`;
  }

  get port(): number {
    return this.options.port;
  }
  get directory(): string {
    return this.options.directory;
  }
  /** Neither killed nor paused. */
  get breathing(): boolean {
    return this.process !== null && !this.paused;
  }

  /** The operator's connection to this very server; connects again by itself. */
  get admin(): Redis {
    if (this.connection === null) {
      this.connection = redisAdmin(this.url);
      this.connection.on('error', () => undefined);
    }
    return this.connection;
  }

  /** Also what brings a killed node back, with what its directory holds. */
  async start(...more: readonly string[]): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const place = ['--port', String(this.port), '--dir', this.directory];
    this.process = await launched([...place, ...loopback, ...this.options.args, ...more], this.port);
  }

  /** SIGKILL, as if its machine died. */
  async kill(): Promise<void> {
    const { process } = this;
    this.process = null;
    this.paused = false;
    await process?.end('SIGKILL');
  }

  /** SIGSTOP, as if its virtual machine were frozen: the kernel still accepts connections for it. */
  pause(): void {
    this.signal('SIGSTOP');
    this.paused = true;
  }
  resume(): void {
    this.signal('SIGCONT');
    this.paused = false;
  }

  async stop(): Promise<void> {
    this.connection?.disconnect();
    this.connection = null;
    await this.kill();
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.process === null) throw new Error(`the Redis of port ${this.port} is not running`);
    process.kill(this.process.pid, signal);
  }
}

/** A value of INFO; '' when there is none. */
export async function infoOf(node: RedisNode, name: string): Promise<string> {
  const line = (await node.admin.info()).split('\r\n').find((each) => each.startsWith(`${name}:`));
  return line?.slice(name.length + 1) ?? '';
}

export class PortTaken extends Error {}

/** A server that was killed a moment ago may still hold its port. */
export async function launched(args: readonly string[], port: number): Promise<RedisProcess> {
  let taken = 0;
  return eventually(`Redis to start on port ${port}`, async () => {
    const started = await startRedisProcess(args);
    if (!('refusal' in started)) return started;
    taken += 1;
    if (!started.refusal.includes('in use') || taken === 3)
      throw new PortTaken(`Redis did not start on port ${port}: ${started.refusal}`);
    return null;
  });
}
