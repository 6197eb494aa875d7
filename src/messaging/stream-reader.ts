import type { Backend } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import type { ResetReason } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';
import type { SessionStore } from '../sessions/session-store.js';
import type { LiveStreams, StreamSink } from '../streams/live-streams.js';
import type { Entry, StreamLog } from '../streams/stream-log.js';
import { grantName, requireGrant, targetOwner, type SendTarget } from './send-target.js';
import type { WaitingReads } from './waiting-reads.js';

export interface ReadRequest {
  /** Null: nothing is read, and `after` of the answer is the present end. */
  readonly after: Position | null;
  /** Messages at most. */
  readonly limit: number;
  /** How long to wait if there is none yet. */
  readonly waitMs: number;
}

export interface StreamPage {
  readonly entries: readonly Entry[];
  /** What was between `after` of the request and `after` of this is gone. */
  readonly reset: ResetReason | null;
  /** Where the next read goes on. */
  readonly after: Position;
}

export interface ReaderPorts {
  readonly log: StreamLog;
  readonly live: LiveStreams;
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly waiting: WaitingReads;
  readonly clock: Clock;
}

/** What backends without a socket read of a stream. While one waits, Redis is asked nothing: the pod follows the stream. */
export class StreamReader {
  constructor(private readonly ports: ReaderPorts) {}

  /**
   * Resolves with what follows the position; if that is nothing, once there is something, after `waitMs`, when the pod
   * drains or when `gone` says that nobody wants the answer. Rejects with BatonError: `forbidden`, `not-found` for a
   * session that is missing or another tenant's, `busy` when too many wait, `unavailable`.
   */
  async read(backend: Backend, target: SendTarget, request: ReadRequest, gone: AbortSignal): Promise<StreamPage> {
    requireGrant(backend, target, 'subscribe');
    const owner = targetOwner(backend, target);
    if (owner.kind === 'session' && (await this.ports.sessions.get(owner)) === null) throw new BatonError('not-found');
    const page = await this.page(owner, request);
    if (request.waitMs === 0 || !isEmpty(page, request)) return page;
    const place = this.ports.waiting.take(backend, gone);
    try {
      const withinMs = Math.min(request.waitMs, place.longestMs);
      return await this.wait(owner, grantName(target), request, page, { signal: place.signal, withinMs });
    } finally {
      place.leave();
    }
  }

  private async page(owner: StreamOwner, { after, limit }: ReadRequest): Promise<StreamPage> {
    const result = await this.ports.log.read(owner, after, limit);
    if (result.kind === 'reset') return { entries: [], reset: result.reason, after: result.top };
    const last = result.entries.at(-1);
    return { entries: result.entries, reset: null, after: last ? { offset: last.offset, id: last.id } : result.top };
  }

  private async wait(
    owner: StreamOwner,
    stream: StreamName,
    request: ReadRequest,
    empty: StreamPage,
    until: { readonly signal: AbortSignal; readonly withinMs: number },
  ): Promise<StreamPage> {
    const endMs = this.ports.clock.monotonic() + until.withinMs;
    for (let leftMs = until.withinMs; leftMs > 0; leftMs = endMs - this.ports.clock.monotonic()) {
      if (!(await this.news(owner, stream, empty.after, { ...until, withinMs: leftMs }))) return empty;
      const page = await this.page(owner, request);
      if (!isEmpty(page, request)) return page;
    }
    return empty;
  }

  /** True as soon as the stream has gone on from the position, false if it is not worth waiting any longer. */
  private async news(
    owner: StreamOwner,
    stream: StreamName,
    position: Position,
    { signal, withinMs }: { readonly signal: AbortSignal; readonly withinMs: number },
  ): Promise<boolean> {
    if (signal.aborted) return false;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const giveUp = (): void => {
      resolve(false);
    };
    const timer = this.ports.clock.after(withinMs, giveUp);
    signal.addEventListener('abort', giveUp);
    const subscription = this.ports.live.subscribe(owner, position, new NewsSink(stream, resolve, reject));
    try {
      return await promise;
    } finally {
      subscription.close();
      signal.removeEventListener('abort', giveUp);
      timer.cancel();
    }
  }
}

/** Hears that there is something; what it is, is read from the log. */
class NewsSink implements StreamSink {
  constructor(
    readonly stream: StreamName,
    private readonly heard: (news: true) => void,
    private readonly fail: (cause: unknown) => void,
  ) {}

  deliver(): boolean {
    this.heard(true);
    return true;
  }
  reset(): void {
    this.heard(true);
  }
  subscribed(): void {
    // It is live; nothing has come yet.
  }
  failed(cause: unknown): void {
    this.fail(cause);
  }
}

/** Nothing follows a position that was asked for. */
function isEmpty({ entries, reset }: StreamPage, { after }: ReadRequest): boolean {
  return after !== null && entries.length === 0 && reset === null;
}
