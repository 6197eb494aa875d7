import { RedisProxy } from './redis-proxy.js';

/** Each pod's own way to Redis. */
export class RedisWays {
  private readonly ways = new Map<string, RedisProxy>();
  private subscribersAreSlowByMs = 0;

  constructor(private readonly redisUrl: string) {}

  /** How long whatever goes over any pod's subscriber connection takes, each way, in ms. */
  set subscriberDelayMs(delayMs: number) {
    this.subscribersAreSlowByMs = delayMs;
    for (const way of this.ways.values()) way.subscriberDelayMs = delayMs;
  }

  /** How long whatever goes to and from Redis takes, each way, in ms, for the pods that there are. */
  set delayMs(delayMs: number) {
    for (const way of this.ways.values()) way.delayMs = delayMs;
  }

  async open(pod: string): Promise<string> {
    const way = await RedisProxy.start(this.redisUrl);
    way.subscriberDelayMs = this.subscribersAreSlowByMs;
    this.ways.set(pod, way);
    return way.url;
  }

  /** Throws for a pod that was never started. */
  of(pod: string): RedisProxy {
    const way = this.ways.get(pod);
    if (way === undefined) throw new Error(`${pod} has no way to Redis of its own`);
    return way;
  }

  async close(): Promise<void> {
    await Promise.all([...this.ways.values()].map((way) => way.stop()));
  }
}
