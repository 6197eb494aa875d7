import { BatonError } from '../lib/baton-error.js';
import type { RedisReply } from '../redis/redis-ports.js';

/** Replies of the scripts are lists whose first item says what happened. */
export function listOf(reply: RedisReply): readonly RedisReply[] {
  return typeof reply === 'object' && reply !== null ? reply : [reply];
}

export function unexpected(script: string, reply: RedisReply | undefined): BatonError {
  return new BatonError('internal', `${script} answered ${JSON.stringify(reply)}`);
}
