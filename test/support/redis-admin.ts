import { Redis } from 'ioredis';

/** A connection beside the product's, for what an operator or an accident does to Redis. */
export function redisAdmin(url: string): Redis {
  return new Redis(url);
}
