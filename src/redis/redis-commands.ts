import type { Redis } from 'ioredis';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import { redirectionOf, saysNoScript, toBatonError } from './redis-error.js';
import type { Command, RedisNode } from './redis-node.js';
import type { RedisCommands, RedisReply, ScriptCall } from './redis-ports.js';
import type { Script } from './scripts.js';
import type { Topology } from './topology.js';

/** How a command is put to a node. */
type Way = <T>(node: RedisNode, command: Command<T>) => Promise<T>;

const plainly: Way = (node, command) => node.ask(command);
const durably: Way = async <T>(node: RedisNode, command: Command<T>) => (await node.askDurably(command)) as T;

/** The command path over ioredis: every command goes to the node that has its key. */
export class RoutedCommands implements RedisCommands {
  constructor(
    private readonly topology: Topology,
    private readonly scripts: ReadonlyMap<string, Script>,
    private readonly clock: Clock,
  ) {}

  get healthy(): boolean {
    const { nodes } = this.topology;
    return nodes.length > 0 && nodes.every(({ healthy }) => healthy);
  }

  run(call: ScriptCall): Promise<RedisReply> {
    return this.evaluate(call, plainly);
  }

  runDurably(call: ScriptCall): Promise<RedisReply> {
    return this.evaluate(call, durably);
  }

  runAll(calls: readonly ScriptCall[]): Promise<readonly PromiseSettledResult<RedisReply>[]> {
    return Promise.allSettled(calls.map((call) => this.run(call)));
  }

  fields(key: string, names: readonly string[]): Promise<readonly (string | null)[]> {
    return this.ask(key, (client) => client.hmget(key, ...names));
  }

  text(key: string): Promise<string | null> {
    return this.ask(key, (client) => client.get(key));
  }

  async exist(keys: readonly string[]): Promise<readonly boolean[]> {
    return Promise.all(keys.map(async (key) => (await this.ask(key, (client) => client.exists(key))) === 1));
  }

  timeMs(key: string): number {
    return this.topology.nodeOf(key)?.clock.timeMs() ?? this.clock.now();
  }

  observeTimeMs(key: string, timeMs: number): void {
    this.topology.nodeOf(key)?.clock.observe(timeMs);
  }

  private async evaluate(call: ScriptCall, way: Way): Promise<RedisReply> {
    const script = this.scripts.get(call.script);
    const [key] = call.keys;
    if (!script || key === undefined) throw new BatonError('internal', `there is no script ${call.script}, or no key`);
    try {
      return await this.ask(key, (client) => evalsha(client, script, call), way);
    } catch (error) {
      // The first call after a start of Redis or a SCRIPT FLUSH: nothing was executed.
      if (!(error instanceof BatonError) || !saysNoScript(error.cause)) throw error;
      return await this.ask(key, (client) => evaluateText(client, script, call), way);
    }
  }

  private async ask<T>(key: string, command: Command<T>, way: Way = plainly): Promise<T> {
    const { topology } = this;
    const generation = topology.generationOf(key);
    try {
      const node = topology.nodeOf(key);
      if (!node) throw new BatonError('unavailable', 'nobody has said yet which node has what');
      const reply = await this.following(node, command, way);
      // Where the key has come to live meanwhile, subscriptions are checked: nothing from before may follow that (M).
      if (topology.generationOf(key) !== generation) throw new BatonError('unavailable');
      return reply;
    } catch (error) {
      throw toBatonError(error);
    }
  }

  /** Goes once where it is sent to: whoever sent it on has executed nothing. */
  private async following<T>(node: RedisNode, command: Command<T>, way: Way): Promise<T> {
    try {
      return await way(node, command);
    } catch (error) {
      const to = redirectionOf(error);
      const other = to && this.topology.redirected(to.place, node);
      if (!to || !other) throw error;
      if (to.kind === 'moved') return await way(other, command);
      return await way(other, (client) => {
        // Holds for the next command of this connection only, so nothing may come between the two.
        client.asking().catch(() => undefined);
        return command(client);
      });
    }
  }
}

function evalsha(client: Redis, script: Script, { keys, args }: ScriptCall): Promise<RedisReply> {
  return client.evalsha(script.sha1, keys.length, ...keys, ...args) as Promise<RedisReply>;
}

function evaluateText(client: Redis, script: Script, { keys, args }: ScriptCall): Promise<RedisReply> {
  return client.eval(script.text, keys.length, ...keys, ...args) as Promise<RedisReply>;
}
