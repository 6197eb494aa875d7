import type { Redis } from 'ioredis';
import { BatonError } from '../lib/baton-error.js';
import { RedisClock } from './redis-clock.js';
import { saysNoScript, saysTimedOut, toBatonError } from './redis-error.js';
import type { RedisLink } from './redis-link.js';
import type { RedisCommands, RedisReply, ScriptCall } from './redis-ports.js';
import type { Script } from './scripts.js';

/** The command path over ioredis. */
export class IoredisCommands implements RedisCommands {
  private failing = false;
  private corked: Redis['stream'] | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly redisClock: RedisClock,
    private readonly scripts: ReadonlyMap<string, Script>,
  ) {
    link.onUp(() => (this.failing = false));
  }

  get healthy(): boolean {
    return !this.failing && this.link.current !== null;
  }

  async run(call: ScriptCall): Promise<RedisReply> {
    const script = this.scripts.get(call.script);
    if (!script) throw new BatonError('internal', `there is no script ${call.script}`);
    return (await this.ask((client) => evaluate(client, script, call))) as RedisReply;
  }

  runDurably(call: ScriptCall): Promise<RedisReply> {
    return this.run(call);
  }

  runAll(calls: readonly ScriptCall[]): Promise<readonly PromiseSettledResult<RedisReply>[]> {
    return Promise.allSettled(calls.map((call) => this.run(call)));
  }

  fields(key: string, names: readonly string[]): Promise<readonly (string | null)[]> {
    return this.ask((client) => client.hmget(key, ...names));
  }

  text(key: string): Promise<string | null> {
    return this.ask((client) => client.get(key));
  }

  async exist(keys: readonly string[]): Promise<readonly boolean[]> {
    return Promise.all(keys.map(async (key) => (await this.ask((client) => client.exists(key))) === 1));
  }

  timeMs(_key: string): number {
    return this.redisClock.timeMs();
  }

  observeTimeMs(_key: string, timeMs: number): void {
    this.redisClock.observe(timeMs);
  }

  private async ask<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const pair = this.link.current;
    try {
      if (!pair) throw new BatonError('unavailable');
      this.cork(pair.commands.stream);
      const reply = await command(pair.commands);
      this.failing = false;
      return reply;
    } catch (cause) {
      // A half-open connection never fails by itself.
      if (pair && pair === this.link.current && saysTimedOut(cause))
        this.link.lose('a command was not answered in time');
      const error = toBatonError(cause);
      if (error.code === 'unavailable') this.failing = true;
      throw error;
    }
  }

  /** The kernel's write costs more than the command: whatever is sent in one turn goes in one. */
  private cork(stream: Redis['stream']): void {
    if (this.corked === stream) return;
    this.corked = stream;
    stream.cork();
    process.nextTick(() => {
      if (this.corked === stream) this.corked = null;
      stream.uncork();
    });
  }
}

async function evaluate(client: Redis, script: Script, { keys, args }: ScriptCall): Promise<unknown> {
  const keysAndArgs = [...keys, ...args];
  try {
    return await client.evalsha(script.sha1, keys.length, ...keysAndArgs);
  } catch (error) {
    // The first call after a start of Redis or a SCRIPT FLUSH: nothing was executed.
    if (!saysNoScript(error)) throw error;
    return client.eval(script.text, keys.length, ...keysAndArgs);
  }
}
