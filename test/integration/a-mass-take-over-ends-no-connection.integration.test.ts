import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import type { Position } from '../../src/protocol/position.js';
import type { StreamOwner } from '../../src/redis/keys.js';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { KeepingSink, StreamPod, room } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
/** A machine that is busy is no fault of Redis. */
const patient = { canaryMs: 5_000, commandTimeoutMs: 5_000 };
const CLIENTS = 3_000;
let from: StreamPod;
let to: StreamPod;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  const prefix = redis.keyPrefix();
  from = await StreamPod.start(redis.url, prefix, {}, patient);
  to = await StreamPod.start(redis.url, prefix, {}, patient);
  admin = redisAdmin(redis.url);
});
afterAll(() => {
  from.close();
  to.close();
  admin.disconnect();
});

/** How often Redis has executed a script or command of this name. */
async function calls(command: string): Promise<number> {
  const stats = await admin.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

class FirstSink extends KeepingSink {
  static answered: (() => void) | null = null;

  override subscribed(position: Position): void {
    super.subscribed(position);
    FirstSink.answered?.();
    FirstSink.answered = null;
  }
}

/** The position before two messages. */
async function missTwo(owner: StreamOwner): Promise<Position> {
  const { top } = await from.log.read(owner, null, 1);
  const send = () => from.log.append(owner, { kind: 'send', idempotency: randomId(), data: '"missed"' });
  await Promise.all([send(), send()]);
  return top;
}

describe('a pod that takes many clients over at once', () => {
  it('gives each its stream, whole, and reads for nobody who has gone again meanwhile', async () => {
    const owners: readonly StreamOwner[] = Array.from({ length: CLIENTS }, (_, index) => room('acme', `own-${index}`));
    const starts: Position[] = [];
    for (let first = 0; first < CLIENTS; first += 250)
      starts.push(...(await Promise.all(owners.slice(first, first + 250).map((owner) => missTwo(owner)))));

    const before = await calls('evalsha');
    const sinks = owners.map(() => new FirstSink());
    const subscriptions = owners.map((owner, index) =>
      to.live.subscribe(owner, starts[index] ?? null, sinks[index] as FirstSink),
    );
    // When the first has been answered, every second client loses patience: most of them wait for their turn.
    FirstSink.answered = () => {
      subscriptions.forEach((subscription, index) => {
        if (index % 2 === 1) subscription.close();
      });
    };
    const staying = sinks.filter((_, index) => index % 2 === 0);
    await eventually('all to be answered', () => staying.every(({ answers }) => answers.length === 1), {
      withinMs: 20_000,
    });
    expect(staying.filter(({ messages, resets }) => messages.length !== 2 || resets.length > 0)).toEqual([]);
    expect(sinks.filter(({ failure }) => failure !== null)).toEqual([]);
    // A read to find what was missed, and one to find that nothing is left would be too many.
    expect((await calls('evalsha')) - before).toBeLessThanOrEqual(CLIENTS / 2 + 200);
  });
});
