import { Redis } from 'ioredis';

/** A connection beside the product's, for what an operator or an accident does to Redis. */
export function redisAdmin(url: string): Redis {
  // Or the library waits 2 s for a goodbye, and the test's process with it.
  return new Redis(url, { disconnectTimeout: 50 });
}
