/** A reply of a script or command as ioredis decodes it. */
export type RedisReply = string | number | null | readonly RedisReply[];

/** The names of src/redis/scripts/*.lua, one command a file. */
export type ScriptName =
  | 'append'
  | 'read'
  | 'touch'
  | 'claim'
  | 'detach'
  | 'end-session'
  | 'session-data'
  | 'delete-data'
  | 'list-data'
  | 'index-sessions'
  | 'list-sessions'
  | 'unlist-sessions'
  | 'presence-enter'
  | 'presence-leave'
  | 'presence-clear'
  | 'presence-list'
  | 'beat'
  | 'leave'
  | 'take-pace'
  | 'webhook-announce'
  | 'webhook-take'
  | 'webhook-orphans'
  | 'webhook-settle';

export interface ScriptCall {
  readonly script: ScriptName;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * The command path to Redis. Every call goes to the node that has its first key. Nothing is repeated here: a rejected call may or may not have taken effect, and whoever
 * calls owns the repeat (every script is idempotent). Rejects with BatonError `unavailable` when Redis cannot be
 * reached, refuses writes, or has not answered within the command timeout.
 */
export interface RedisCommands {
  run(call: ScriptCall): Promise<RedisReply>;
  /**
   * As `run`, but resolves only when as many replicas as configured have confirmed everything that was written on that
   * connection until then; `unavailable` if they haven't in time: the effect is then unknown, and the repeat waits again.
   * With durability `memory` it is `run`.
   */
  runDurably(call: ScriptCall): Promise<RedisReply>;
  /** Several scripts in one write; each settles on its own. (Calls of `run` in one turn share a write, too.) */
  runAll(calls: readonly ScriptCall[]): Promise<readonly PromiseSettledResult<RedisReply>[]>;
  /** These fields of a hash, in this order; null for each that is missing, and for all when the key is. */
  fields(key: string, names: readonly string[]): Promise<readonly (string | null)[]>;
  /** A string's value; null when the key is missing. */
  text(key: string): Promise<string | null>;
  /** For each key whether it exists. */
  exist(keys: readonly string[]): Promise<readonly boolean[]>;
  /** The clock of the node that has this key, in ms since 1970, estimated from its last replies: no round trip. */
  timeMs(key: string): number;
  /** A reply of the node that has this key carried its time: it becomes the estimate. */
  observeTimeMs(key: string, timeMs: number): void;
  /** False from the first failed command until one succeeds again; on Cluster it takes all nodes to be true. */
  readonly healthy: boolean;
}

/**
 * The subscriber connection. Subscriptions are counted by reference per channel; a resolved `subscribe` is one that
 * Redis has confirmed. Messages arrive in the order in which Redis published them.
 */
export interface RedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Local effect is immediate; Redis is told when the last listener of the channel has gone. */
  unsubscribe(channel: string, listener: (message: string) => void): void;
  /**
   * Called after one node's connections were lost, or keys came to live on another node, and every subscription there has
   * been confirmed again: what was published in between is missing, so everything derived from it must be checked.
   */
  onDoubt(check: DoubtCheck): void;
}

/** `concerns`: whether a key or channel is among those in doubt. */
export type DoubtCheck = (concerns: (key: string) => boolean) => void;

export const REDIS_COMMANDS = Symbol('RedisCommands');
export const REDIS_SUBSCRIBER = Symbol('RedisSubscriber');
