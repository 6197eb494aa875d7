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
  | 'beat'
  | 'leave'
  | 'take-pace';

export interface ScriptCall {
  readonly script: ScriptName;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * The command path to Redis. Nothing is repeated here: a rejected call may or may not have taken effect, and whoever
 * calls owns the repeat (every script is idempotent). Rejects with BatonError `unavailable` when Redis cannot be
 * reached, refuses writes, or has not answered within the command timeout.
 */
export interface RedisCommands {
  run(call: ScriptCall): Promise<RedisReply>;
  /** Several scripts in one write; each settles on its own. (Calls of `run` in one turn share a write, too.) */
  runAll(calls: readonly ScriptCall[]): Promise<readonly PromiseSettledResult<RedisReply>[]>;
  /** These fields of a hash, in this order; null for each that is missing, and for all when the key is. */
  fields(key: string, names: readonly string[]): Promise<readonly (string | null)[]>;
  /** A string's value; null when the key is missing. */
  text(key: string): Promise<string | null>;
  /** For each key whether it exists. */
  exist(keys: readonly string[]): Promise<readonly boolean[]>;
  /** Redis' own clock in ms since 1970, estimated from the last replies: no round trip. */
  timeMs(): number;
  /** A reply carried Redis' time: it becomes the estimate. */
  observeTimeMs(timeMs: number): void;
  /** False from the first failed command until one succeeds again. */
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
   * Called after the subscriber connection was lost and every subscription has been confirmed again: what was published
   * in between is missing, so everything derived from it must be checked.
   */
  onDoubt(check: () => void): void;
}

export const REDIS_COMMANDS = Symbol('RedisCommands');
export const REDIS_SUBSCRIBER = Symbol('RedisSubscriber');
