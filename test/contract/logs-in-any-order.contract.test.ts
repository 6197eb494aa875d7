import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asEntryId, asPublisherId } from '../../src/protocol/ids.js';
import type { Position } from '../../src/protocol/position.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';
import { memoryLogTwin, redisLogTwin, type LogTwin } from '../support/streams/log-twin.js';
import { StreamUnderTest } from '../support/streams/stream-under-test.js';

const redis = withRedisConnection();
const limits = { windowMessages: 12, windowBytes: 400 };
const seed = randomInt(2 ** 31);

/** A small world, so that sequences collide, the window is passed and positions are of the past. */
const seq = fc.integer({ min: 1, max: 8 });
const publisher = fc.constantFrom('p', 'q');
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('next' as const), publisher, length: fc.nat(120) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      publisher,
      kind: fc.constantFrom('publish' as const, 'mark' as const, 'refuse' as const),
      seq,
      after: fc.nat(8),
      ageMs: fc.constantFrom(0, 0, 0, 20_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), key: fc.constantFrom('k1', 'k2', 'k3') }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), from: fc.nat(60), limit: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('remember' as const, 'rewind' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.constantFrom('log', 'top') }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What one turn appends: runs of sequences of one publisher, and sends. */
const run = fc.record({
  publisher,
  kind: fc.constantFrom('publish' as const, 'publish' as const, 'mark' as const, 'refuse' as const, 'send' as const),
  seq,
  after: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.nat(8)),
  length: fc.integer({ min: 1, max: 4 }),
  ageMs: fc.constantFrom(0, 0, 0, 20_000),
});
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

/** Runs a script on one twin. Ids are random in both, so they are named by the order in which they appear. */
class Play {
  private readonly stream: StreamUnderTest;
  private readonly names = new Map<string, string>();
  private readonly positions: Position[] = [];
  private readonly lasts = new Map<string, number>();
  private rewind: (() => Promise<void>) | null = null;

  constructor(private readonly twin: LogTwin) {
    this.stream = new StreamUnderTest(twin);
  }

  async run(script: readonly Step[]): Promise<readonly unknown[]> {
    const answers: unknown[] = [await this.read(null, 1)];
    for (const each of script) answers.push(this.named(await this.act(each)));
    return answers;
  }

  /** Each turn at once, so that Redis gets it as one batch; then what is in the log. */
  async runTurns(turns: readonly (readonly Run[])[]): Promise<readonly unknown[]> {
    const start = await this.stream.top();
    const answers: unknown[] = [];
    for (const turn of turns) {
      const nowMs = this.twin.nowMs();
      answers.push(this.named(await Promise.all(turn.flatMap((each) => this.append(each, nowMs)))));
    }
    return [...answers, this.named(await this.read(start, 1_000))];
  }

  private append({ publisher, kind, seq, after, length, ageMs }: Run, nowMs: number): readonly Promise<unknown>[] {
    if (kind === 'send') return [this.stream.send('"sent"', `k${seq}`)];
    return Array.from({ length }, (_, index) =>
      this.stream.publish({
        seq: seq + index,
        after: index === 0 ? Math.min(after ?? seq - 1, seq - 1) : seq + index - 1,
        kind,
        code: 'forbidden',
        publisher: asPublisherId(publisher),
        readAtMs: nowMs - ageMs,
      }),
    );
  }

  private async act(step: Step): Promise<unknown> {
    switch (step.do) {
      case 'next':
        return this.next(step.publisher, step.length);
      case 'publish':
        return this.stream.publish({
          seq: step.seq,
          after: step.after,
          kind: step.kind,
          code: 'forbidden',
          publisher: asPublisherId(step.publisher),
          readAtMs: this.twin.nowMs() - step.ageMs,
        });
      case 'send':
        return this.stream.send('"sent"', step.key);
      case 'read':
        return this.read(this.positions[step.from % this.positions.length] ?? null, step.limit + 1);
      case 'remember':
        this.rewind = await this.twin.keyspace.remember(this.keys());
        return null;
      case 'rewind':
        await this.rewind?.();
        return null;
      case 'remove':
        await this.twin.keyspace.remove(step.key === 'log' ? this.stream.keys.log : this.stream.keys.top);
        return null;
    }
  }

  /** As a client does: what follows its last settled sequence, and what a gap tells it. */
  private async next(publisher: string, length: number): Promise<unknown> {
    const after = this.lasts.get(publisher) ?? 0;
    const item = {
      seq: after + 1,
      after,
      publisher: asPublisherId(publisher),
      data: JSON.stringify('x'.repeat(length)),
    };
    const result = await this.stream.publish(item);
    this.lasts.set(publisher, result.kind === 'gap' ? result.last : after + 1);
    return result;
  }

  private async read(position: Position | null, limit: number): Promise<unknown> {
    const result = await this.twin.log.read(this.stream.owner, position, limit);
    this.positions.push(result.top);
    if (result.kind === 'entries') this.positions.push(...result.entries.map(({ offset, id }) => ({ offset, id })));
    this.positions.push({ offset: result.top.offset, id: asEntryId('never') });
    // In one order, because ids are named as they appear.
    return {
      ...result,
      top: undefined,
      at: result.top,
      ...(result.kind === 'entries' ? { entries: result.entries } : {}),
    };
  }

  private keys(): readonly string[] {
    const { keys, session } = this.stream;
    return [keys.log, keys.top, ...['p', 'q'].map((each) => keys.publisher(session, asPublisherId(each)))];
  }

  private named(answer: unknown): unknown {
    const text = JSON.stringify(answer, (key, value: unknown) =>
      (key === 'id' || key === 'prev') && typeof value === 'string' ? this.nameOf(value) : value,
    );
    return JSON.parse(text) as unknown;
  }
  private nameOf(id: string): string {
    const name = this.names.get(id) ?? `id ${this.names.size + 1}`;
    this.names.set(id, name);
    return name;
  }
}

describe('appends and reads', () => {
  it(`in any order, whatever happens to keys, are answered the same in memory and in Redis (seed ${seed})`, async () => {
    const told = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (script) => {
        const inMemory = await new Play(memoryLogTwin(limits)).run(script);
        const twin = redisLogTwin(redis.connection, redis.raw, redis.keyPrefix, limits);
        const inRedis = await new Play(twin).run(script);
        expect(inMemory.slice(1)).toEqual(inRedis.slice(1));
        for (const answer of inMemory) count(told, answer);
      }),
      { seed, numRuns: 200 },
    );
    // The comparison would prove nothing if it never came to these.
    for (const kind of ['ack', 'gap', 'late', 'refused', 'sent', 'entries', 'trimmed', 'forked', 'ahead', 'lost'])
      expect([kind, told.get(kind) ?? 0]).not.toEqual([kind, 0]);
  });

  it(`of many in one turn are answered, and kept, as one after the other (seed ${seed})`, async () => {
    const told = new Map<string, number>();
    const turns = fc.array(fc.array(run, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5, size: 'max' });
    await fc.assert(
      fc.asyncProperty(turns, async (script) => {
        const inMemory = await new Play(memoryLogTwin({})).runTurns(script);
        const twin = redisLogTwin(redis.connection, redis.raw, redis.keyPrefix, {});
        expect(inMemory).toEqual(await new Play(twin).runTurns(script));
        for (const answers of inMemory.slice(0, -1))
          for (const answer of answers as readonly unknown[]) count(told, answer);
      }),
      { seed, numRuns: 200 },
    );
    for (const kind of ['ack', 'gap', 'late', 'refused', 'sent'])
      expect([kind, told.get(kind) ?? 0]).not.toEqual([kind, 0]);
  });
});

function count(told: Map<string, number>, answer: unknown): void {
  const { kind, reason } = (answer ?? {}) as { readonly kind?: string; readonly reason?: string };
  const what = reason ?? kind;
  if (what !== undefined) told.set(what, (told.get(what) ?? 0) + 1);
}
