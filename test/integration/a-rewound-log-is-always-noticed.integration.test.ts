import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import type { Position } from '../../src/protocol/position.js';
import type { StreamOwner } from '../../src/redis/keys.js';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { seededRandom } from '../support/seeded-random.js';
import { KeepingSink, StreamPod, room } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const seed = randomInt(2 ** 31);
const random = seededRandom(seed);
const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));

const redis = withRedis({ alwaysOwn: true });
/** A machine that is busy is no fault of Redis. */
const patient = { canaryMs: 5_000, commandTimeoutMs: 5_000 };
let pod: StreamPod;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  pod = await StreamPod.start(redis.url, redis.keyPrefix(), {}, patient);
  admin = redisAdmin(redis.url);
});
afterAll(() => {
  pod.close();
  admin.disconnect();
});

/** Returns the positions after each of them. */
async function append(at: StreamPod, owner: StreamOwner, count: number): Promise<readonly Position[]> {
  const { top } = await at.log.read(owner, null, 1);
  const sends = Array.from({ length: count }, () =>
    at.log.append(owner, { kind: 'send', idempotency: randomId(), data: '0' }),
  );
  await Promise.all(sends);
  const page = await at.log.read(owner, top, 1_000);
  if (page.kind === 'reset' || page.entries.length !== count) throw new Error(`appended ${count}, read otherwise`);
  return page.entries.map(({ offset, id }) => ({ offset, id }));
}

/** What a failover to a replica that lagged does to a stream, although no connection is lost. */
async function remember(owner: StreamOwner): Promise<() => Promise<void>> {
  const { log, top } = pod.keys.stream(owner);
  const dumps = await Promise.all([log, top].map(async (key) => [key, await admin.dumpBuffer(key)] as const));
  return async () => {
    await Promise.all(dumps.map(([key, dump]) => admin.restore(key, 60_000, dump, 'REPLACE')));
  };
}

interface Fork {
  readonly owner: StreamOwner;
  /** All before the rewind: those up to `keptTo` are still true. */
  readonly positions: readonly Position[];
  readonly keptTo: number;
  readonly top: Position;
}

async function fork(index: number, kept: number, lost: number, regrown: number): Promise<Fork> {
  const owner = room('acme', `fork-${index}-${randomId().replaceAll(/[-_]/g, 'x')}`);
  const begin = (await pod.log.read(owner, null, 1)).top;
  const before = await append(pod, owner, kept);
  const rewind = await remember(owner);
  const after = await append(pod, owner, lost);
  await rewind();
  if (regrown > 0) await append(pod, owner, regrown);
  return {
    owner,
    positions: [begin, ...before, ...after],
    keptTo: kept,
    top: (await pod.log.read(owner, null, 1)).top,
  };
}

class AnsweredSink extends KeepingSink {
  readonly answered = Promise.withResolvers<undefined>();

  override subscribed(position: Position): void {
    super.subscribed(position);
    this.answered.resolve(undefined);
  }
}

/** Resumes once, and leaves when it is live. */
async function resume(at: StreamPod, owner: StreamOwner, position: Position): Promise<KeepingSink> {
  const sink = new AnsweredSink();
  const subscription = at.live.subscribe(owner, position, sink);
  await sink.answered.promise;
  subscription.close();
  return sink;
}

/** Everything after the position, each naming the one before, and nothing else. */
function complaintOf(sink: KeepingSink, { offset, id }: Position, top: Position): string | null {
  if (sink.resets.length > 0) return `reset ${sink.resets.join(' ')} from ${offset}`;
  let before: { readonly offset: number; readonly id: string } = { offset, id };
  for (const message of sink.messages) {
    if (message.offset !== before.offset + 1 || message.prev !== before.id) return `a gap after ${before.offset}`;
    before = message;
  }
  return before.offset === top.offset && before.id === top.id ? null : `it ended at ${before.offset}`;
}

describe(`a log that was rewound (seed ${seed})`, () => {
  it('and grew past a position is "forked" for 200 of 200, and for nobody whose position is still true', async () => {
    const [told, alarms]: [string[], string[]] = [[], []];
    for (let index = 0; index < 200; index += 1) {
      const lost = between(1, 10);
      const position = between(1, lost);
      const { owner, positions, keptTo, top } = await fork(index, between(1, 20), lost, between(position, lost + 10));
      const sink = await resume(pod, owner, positions[keptTo + position] as Position);
      told.push(sink.resets.join(' '));
      expect([sink.messages, sink.answers]).toEqual([[], [top]]);
      const held = positions[between(0, keptTo)] as Position;
      const complaint = complaintOf(await resume(pod, owner, held), held, top);
      if (complaint !== null) alarms.push(complaint);
    }
    expect(told).toEqual(Array<string>(200).fill('forked'));
    expect(alarms).toEqual([]);
  });

  it('and has not grown to a position again is "ahead" of it for 100 of 100', async () => {
    const told: string[] = [];
    for (let index = 0; index < 100; index += 1) {
      const lost = between(1, 10);
      const regrown = between(0, lost - 1);
      const { owner, positions, keptTo, top } = await fork(index, between(1, 20), lost, regrown);
      const sink = await resume(pod, owner, positions[keptTo + between(regrown + 1, lost)] as Position);
      told.push(sink.resets.join(' '));
      expect([sink.messages, sink.answers]).toEqual([[], [top]]);
    }
    expect(told).toEqual(Array<string>(100).fill('ahead'));
  });

  it('is told to those who are live at its next message, although no connection was lost', async () => {
    const wrong: string[] = [];
    for (let index = 0; index < 50; index += 1) {
      const owner = room('acme', `live-${index}`);
      const sink = new KeepingSink();
      const subscription = pod.live.subscribe(owner, null, sink);
      await eventually('the answer', () => sink.answers.length === 1, { everyMs: 1 });
      const kept = between(1, 10);
      await append(pod, owner, kept);
      const rewind = await remember(owner);
      const lost = between(1, 10);
      await append(pod, owner, lost);
      await eventually('all that was before', () => sink.messages.length === kept + lost, { everyMs: 1 });
      await rewind();
      await append(pod, owner, 1);
      await eventually('the reset', () => sink.answers.length === 2, { everyMs: 1 });
      if (sink.resets.length !== 1 || sink.messages.length !== kept + lost) wrong.push(JSON.stringify(sink));
      const [next] = await append(pod, owner, 1);
      await eventually('what follows', () => sink.messages.at(-1)?.id === next?.id, { everyMs: 1 });
      subscription.close();
    }
    expect(wrong).toEqual([]);
  });
});

describe(`a log that was never rewound (seed ${seed})`, () => {
  it('raises no alarm in 10,000 resumes, while it grows and is trimmed', async () => {
    const small = await StreamPod.start(redis.url, redis.keyPrefix(), { windowMessages: 64 }, patient);
    small.live.startSweep(1_000);
    try {
      expect(await falseAlarms(small, 10_000)).toEqual([]);
    } finally {
      small.live.stopSweep();
      small.close();
    }
  });
});

interface Room {
  readonly owner: StreamOwner;
  positions: Position[];
}

async function falseAlarms(small: StreamPod, resumes: number): Promise<readonly string[]> {
  const rooms = await Promise.all(
    Array.from({ length: 20 }, async (_, index): Promise<Room> => {
      const owner = room('acme', `clean-${index}`);
      return { owner, positions: [(await small.log.read(owner, null, 1)).top] };
    }),
  );
  const alarms: string[] = [];
  for (let done = 0; done < resumes; done += 200) {
    // Of what was kept before, positions as old as the window are still good: the oldest by the next one's `prev`.
    await Promise.all(
      rooms.map(async (each) => each.positions.push(...(await append(small, each.owner, between(0, 6))))),
    );
    for (const each of rooms) each.positions = each.positions.slice(-65);
    const complaints = await Promise.all(Array.from({ length: 200 }, () => resumeSomewhere(small, rooms)));
    alarms.push(...complaints.filter((complaint) => complaint !== null));
  }
  return alarms;
}

async function resumeSomewhere(small: StreamPod, rooms: readonly Room[]): Promise<string | null> {
  const { owner, positions } = rooms[between(0, rooms.length - 1)] as Room;
  const position = positions[between(0, positions.length - 1)] as Position;
  const top = positions.at(-1) as Position;
  return complaintOf(await resume(small, owner, position), position, top);
}
