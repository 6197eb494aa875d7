import { eventually } from '../eventually.js';
import { redisAdmin } from '../redis-admin.js';
import { startRedisServer, type RedisServer } from '../redis-server.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';

/** A Redis that writes before it answers, so that it can be ended and started again where it was, with what it held. */
export class DurableRedis {
  private constructor(
    private readonly place: TemporaryDirectory,
    private server: RedisServer,
  ) {}

  static async start(): Promise<DurableRedis> {
    const place = await makeTemporaryDirectory('durable-redis');
    return new DurableRedis(place, await startRedisServer({ alwaysOwn: true, args: argsFor(place) }));
  }

  get url(): string {
    return this.server.url;
  }

  /** SIGKILL: connections are closed, and refused until it comes back. */
  kill(): Promise<void> {
    return this.server.kill();
  }
  async comeBack(): Promise<void> {
    this.server = await startRedisServer({ alwaysOwn: true, port: this.server.port, args: argsFor(this.place) });
  }
  async restart(): Promise<void> {
    await this.kill();
    await this.comeBack();
  }

  /**
   * Its log, which never rewrites itself, becomes as long as what it holds: after 15 minutes of a campaign reading it at a
   * start took longer than a start may (10 s).
   */
  async compact(): Promise<void> {
    const admin = redisAdmin(this.url);
    try {
      await admin.call('BGREWRITEAOF');
      await eventually('the log to be rewritten', async () => isAtRest(await admin.info('persistence')));
    } finally {
      admin.disconnect();
    }
  }

  /** Connections stay, and new ones are accepted by the kernel, and nothing is answered until `thaw`. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }
  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.server.kill();
    await this.place.remove();
  }

  get pid(): number {
    if (this.server.pid === undefined) throw new Error('this Redis has no process id');
    return this.server.pid;
  }
}

function isAtRest(persistence: string): boolean {
  return ['aof_rewrite_in_progress:0', 'aof_rewrite_scheduled:0', 'aof_last_bgrewrite_status:ok'].every((line) =>
    persistence.includes(line),
  );
}

function argsFor({ path }: TemporaryDirectory): readonly string[] {
  return ['--dir', path, '--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0'];
}
