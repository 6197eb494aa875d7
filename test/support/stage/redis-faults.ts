import { Redis } from 'ioredis';
import type { Stage } from './stage.js';

/** What can happen to Redis, or to the way there. It needs a stage with a Redis of its own. */
export class RedisFaults {
  private readonly admin: Redis;

  constructor(private readonly stage: Stage) {
    const patient = { maxRetriesPerRequest: null, retryStrategy: () => 100 };
    this.admin = new Redis(stage.redis.url, { ...patient, lazyConnect: false, disconnectTimeout: 50 });
    // It is without Redis for as long as Redis is away; commands wait.
    this.admin.on('error', () => undefined);
  }

  close(): void {
    this.admin.disconnect();
  }

  /** It takes commands and answers nothing, until `resume`. */
  stall(): void {
    process.kill(this.pid, 'SIGSTOP');
  }
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** A subscriber connection of one pod is cut, as a proxy or a full output buffer does it. `choice`: 0..1. */
  async cutOneSubscriber(choice = Math.random()): Promise<void> {
    const admins = await this.admins();
    const admin = admins[Math.floor(choice * admins.length)] ?? this.admin;
    const list = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
    const ids = [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id ?? '');
    const id = ids[Math.floor(((choice * admins.length) % 1) * ids.length)];
    if (id !== undefined) await admin.call('CLIENT', 'KILL', 'ID', id);
  }

  /** Every connection of pods is cut at once. */
  async cutAll(): Promise<void> {
    for (const admin of await this.admins()) await admin.call('CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal');
    await this.cutSubscribers();
  }
  async cutSubscribers(): Promise<void> {
    for (const admin of await this.admins()) await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  }

  /** As a promoted replica: it knows no script. */
  async forgetScripts(): Promise<void> {
    for (const admin of await this.admins()) await admin.script('FLUSH');
  }

  /** Remembers the streams whose keys match, log, top and publishers, all of one instant, as a replica that stopped following would. */
  async remember(pattern: string): Promise<Memory> {
    const dumped = await this.admin.callBuffer('EVAL', rememberAll, '0', `${this.stage.keyPrefix}${pattern}`);
    return dumped as Memory;
  }

  /** Something was appended to each stream since then. */
  async haveGrown(pattern: string, memory: Memory): Promise<boolean> {
    const [before, now] = [topsOf(memory), topsOf(await this.remember(pattern))];
    return [...before].every(([name, top]) => now.get(name) !== top);
  }

  /** Everything since then is gone, and nobody is told: what a failover to that replica does. */
  async rewind(pattern: string, memory: Memory): Promise<void> {
    await this.admin.callBuffer('EVAL', restoreAll, '0', `${this.stage.keyPrefix}${pattern}`, ...memory);
  }

  /** Keys of this stage that match, and those of them that would stay for ever. */
  async keys(pattern: string): Promise<{ readonly all: number; readonly endless: readonly string[] }> {
    const found = { all: 0, endless: [] as string[] };
    for (const admin of await this.admins()) {
      const reply = await admin.call('EVAL', countKeys, '0', `${this.stage.keyPrefix}${pattern}`);
      const [all, ...endless] = reply as [number, ...string[]];
      found.all += all;
      found.endless.push(...endless);
    }
    return found;
  }

  /** Of the servers that take writes now. */
  private async admins(): Promise<readonly Redis[]> {
    const masters = await this.stage.topology?.masters();
    return masters?.map(({ admin }) => admin) ?? [this.admin];
  }

  private get pid(): number {
    if (this.stage.redis.pid === undefined) throw new Error('this Redis is not ours to stop');
    return this.stage.redis.pid;
  }
}

/** One script each, or a memory would be of several instants: a message in it, and its publisher's sequence not. */
const rememberAll = `
local memory = {}
for _, name in ipairs(redis.call('KEYS', ARGV[1])) do
  memory[#memory + 1] = name
  memory[#memory + 1] = tostring(math.max(0, redis.call('PTTL', name)))
  memory[#memory + 1] = redis.call('DUMP', name)
end
return memory`;

const restoreAll = `
for _, name in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', name) end
for at = 2, #ARGV, 3 do redis.call('RESTORE', ARGV[at], ARGV[at + 1], ARGV[at + 2]) end`;

const countKeys = `
local names = redis.call('KEYS', ARGV[1])
local counts = { #names }
for _, name in ipairs(names) do
  if redis.call('PTTL', name) < 0 then counts[#counts + 1] = name end
end
return counts`;

/** Name, ms to live (0: for ever) and value, one after the other. */
export type Memory = readonly Buffer[];

function topsOf(memory: Memory): ReadonlyMap<string, string> {
  const names = memory.map((name, at) => [at % 3 === 0 ? name.toString() : '', memory[at + 2]] as const);
  return new Map(
    names.flatMap(([name, top]) => (name.endsWith(':top') && top ? [[name, top.toString('base64')] as const] : [])),
  );
}
