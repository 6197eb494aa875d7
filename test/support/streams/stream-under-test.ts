import { beforeEach } from '@jest/globals';
import type { StreamsConfig } from '../../../src/config/config.js';
import { randomId } from '../../../src/lib/random-id.js';
import { asEntryId, asPublisherId, asSessionId, type PublisherId, type SessionId } from '../../../src/protocol/ids.js';
import type { Position } from '../../../src/protocol/position.js';
import type { StreamKeys, StreamOwner } from '../../../src/redis/keys.js';
import type { AppendResult, SequencedItem } from '../../../src/streams/stream-log.js';
import { room } from '../stream-pod.js';
import type { LogTwin, OpenLog } from './log-twin.js';

type Publish = Partial<SequencedItem> & { readonly seq: number };

/** What is asked of one stream in one test. */
export class StreamUnderTest {
  readonly owner: StreamOwner = room('acme', `room-${randomId().replaceAll(/[-_]/g, 'x')}`);
  readonly keys: StreamKeys;
  readonly session: SessionId = asSessionId(randomId());
  readonly publisher: PublisherId = asPublisherId(randomId());

  constructor(readonly twin: LogTwin) {
    this.keys = twin.keys.stream(this.owner);
  }

  get guard(): string {
    return this.keys.publisher(this.session, this.publisher);
  }

  publish({ seq, ...rest }: Publish): Promise<AppendResult> {
    const { session, publisher } = this;
    const usual = { kind: 'publish', session, publisher, after: seq - 1, data: JSON.stringify(seq) } as const;
    return this.twin.log.append(this.owner, { ...usual, readAtMs: this.twin.nowMs(), seq, ...rest });
  }
  async publishAll(from: number, to: number): Promise<void> {
    const seqs = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    await Promise.all(seqs.map((seq) => this.publish({ seq })));
  }
  send(data: string, idempotency = randomId()): Promise<AppendResult> {
    return this.twin.log.append(this.owner, { kind: 'send', idempotency, data });
  }

  async top(): Promise<Position> {
    return (await this.twin.log.read(this.owner, null, 1)).top;
  }
  /** The data after the log's beginning. */
  async content(): Promise<readonly unknown[]> {
    const start = { offset: 0, id: asEntryId(await this.epoch()) };
    const result = await this.twin.log.read(this.owner, start, 1_000);
    if (result.kind === 'reset') throw new Error(`nothing to read from the beginning: ${result.reason}`);
    return result.entries.map(({ data }) => JSON.parse(data) as unknown);
  }
  ttlMs(key: string): Promise<number> {
    return this.twin.keyspace.ttlMs(key).then((ttlMs) => ttlMs ?? 0);
  }

  /** Known to a test only if it asked before the first append. */
  private begin: string | null = null;
  async epoch(): Promise<string> {
    if (this.begin === null) {
      const { offset, id } = await this.top();
      if (offset !== 0) throw new Error('ask for the epoch before the first append');
      this.begin = id;
    }
    return this.begin;
  }
}

/** A stream of a log with these limits, for each test. */
export function withStream(open: OpenLog, limits: Partial<StreamsConfig> = {}): { readonly stream: StreamUnderTest } {
  let stream: StreamUnderTest | undefined;
  beforeEach(async () => {
    stream = new StreamUnderTest(open(limits));
    await stream.epoch();
  });
  return {
    get stream() {
      if (!stream) throw new Error('there is a stream only while a test runs');
      return stream;
    },
  };
}
