import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Client, type Json, type Lost, type StreamName } from '../../src/client/index.js';
import { randomId } from '../../src/lib/random-id.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
let keyPrefix: string;
let here: Installation;
let pod: RunningPod;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  keyPrefix = redis.keyPrefix();
  here = await install({ url: redis.url, keyPrefix }, []);
  pod = await startPodHere(here.environment, 'pod-a', { BATON_CANARY_MS: '200' });
  admin = redisAdmin(redis.url);
});
afterAll(async () => {
  await pod.close();
  await here.remove();
  admin.disconnect();
});

/** A client of the SDK that publishes to a channel of its own. */
class Publisher {
  readonly channel: StreamName = `channel:room-${randomId().replaceAll(/[-_]/g, 'x')}`;
  readonly lost: Lost[] = [];
  readonly marks: number[] = [];
  private readonly client: Client;

  private constructor(token: string) {
    this.client = connect({
      url: `ws://127.0.0.1:${pod.port}`,
      token,
      // A probe is answered at a random time within its span.
      random: () => 0.01,
    });
    this.client.on('lost', (lost) => this.lost.push(lost));
    this.client.on('error', () => undefined);
  }
  static async join(): Promise<Publisher> {
    const publisher = new Publisher(await here.token('acme', 'ada'));
    await publisher.client.ready;
    return publisher;
  }

  async publish(from: number, to: number, stream: StreamName = this.channel): Promise<void> {
    for (let number = from; number <= to; number += 1) await this.client.publish(stream, number);
  }
  publishAtOnce(data: readonly Json[]): Promise<unknown> {
    return Promise.allSettled(data.map((each) => this.client.publish(this.channel, each)));
  }
  /** The data in the channel's log. */
  async content(): Promise<readonly unknown[]> {
    const entries = await admin.xrange(await this.key('log'), '-', '+');
    return entries.map(([, fields]) => JSON.parse(fields[9] ?? '') as unknown);
  }
  /** What the last failover of Redis to a replica that lagged does to this channel. */
  async remember(): Promise<() => Promise<void>> {
    const keys = await this.keys();
    const dumps = await Promise.all(keys.map(async (key) => [key, await admin.dumpBuffer(key)] as const));
    return async () => {
      await admin.del(...(await this.keys()));
      await Promise.all(dumps.map(([key, dump]) => admin.restore(key, 60_000, dump, 'REPLACE')));
    };
  }
  async lastOf(): Promise<number> {
    return Number(await admin.hget(await this.key('pub:'), 'last'));
  }
  close(): Promise<void> {
    return this.client.close();
  }

  private keys(): Promise<string[]> {
    return admin.keys(`${keyPrefix}{acme/c/${this.channel.slice('channel:'.length)}}:*`);
  }
  private async key(name: string): Promise<string> {
    return (await this.keys()).find((key) => key.includes(`}:${name}`)) ?? '';
  }
}

/** As a failover does: every connection of pods is lost. */
async function cutConnections(): Promise<void> {
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}

describe('after a doubt', () => {
  it('every client is asked to mark its streams, at a random time within a span', async () => {
    const clients = await Promise.all(
      ['ann', 'bob'].map(async (user) => (await joinAs(pod.port, await here.token('acme', user))).client),
    );
    await cutConnections();
    for (const client of clients) {
      expect(await client.next('probe')).toEqual({ type: 'probe', withinMs: 5_000 });
      client.terminate();
    }
  });

  it('a publisher that says nothing more learns of exactly the acknowledged messages that are gone', async () => {
    const publisher = await Publisher.join();
    await publisher.publish(1, 5);
    const rewind = await publisher.remember();
    await publisher.publish(6, 9);
    await rewind();
    await cutConnections();
    await eventually('the loss to be told', () => publisher.lost.length > 0);
    expect(publisher.lost).toEqual([{ stream: publisher.channel, ranges: [[6, 9]] }]);
    await publisher.publish(11, 12);
    expect(await publisher.content()).toEqual([1, 2, 3, 4, 5, 11, 12]);
    expect(publisher.lost).toHaveLength(1);
    await publisher.close();
  });

  it('a publisher that goes on learns of them, too, and what was not acknowledged is sent again', async () => {
    const publisher = await Publisher.join();
    await publisher.publish(1, 5);
    const rewind = await publisher.remember();
    await publisher.publish(6, 8);
    await rewind();
    await publisher.publishAtOnce([9, 10, 11]);
    await eventually('the loss to be told', () => publisher.lost.length > 0);
    expect(publisher.lost).toEqual([{ stream: publisher.channel, ranges: [[6, 8]] }]);
    expect(await publisher.content()).toEqual([1, 2, 3, 4, 5, 9, 10, 11]);
    await publisher.close();
  });

  it('marks are not among them', async () => {
    const publisher = await Publisher.join();
    await publisher.publish(1, 3);
    const rewind = await publisher.remember();
    await publisher.publishAtOnce([4, 5, 6]);
    await cutConnections();
    await eventually('the mark', async () => (await publisher.lastOf()) === 7);
    await rewind();
    await cutConnections();
    await eventually('the loss to be told', () => publisher.lost.length > 0);
    expect(publisher.lost).toEqual([{ stream: publisher.channel, ranges: [[4, 6]] }]);
    await publisher.close();
  });

  it('a loss that happens twice is told once for each message', async () => {
    const publisher = await Publisher.join();
    await publisher.publish(1, 3);
    const rewind = await publisher.remember();
    await publisher.publish(4, 6);
    await rewind();
    await publisher.publish(7, 8);
    await rewind();
    await publisher.publish(9, 9);
    await eventually('both losses to be told', () => publisher.lost.length === 2);
    expect(publisher.lost.map(({ ranges }) => ranges)).toEqual([[[4, 6]], [[7, 8]]]);
    expect(await publisher.content()).toEqual([1, 2, 3, 9]);
    await publisher.close();
  });

  it('nothing is told when nothing is gone', async () => {
    const publisher = await Publisher.join();
    await publisher.publish(1, 5);
    for (const mark of [6, 7]) {
      await cutConnections();
      await eventually('the mark', async () => (await publisher.lastOf()) === mark);
    }
    await publisher.publish(8, 9);
    expect(publisher.lost).toEqual([]);
    expect(await publisher.content()).toEqual([1, 2, 3, 4, 5, 8, 9]);
    await publisher.close();
  });
});
