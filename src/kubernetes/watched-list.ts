import type { IncomingMessage } from 'node:http';
import type { Clock, Timer } from '../lib/clock.js';
import { ApiError } from './api-error.js';
import type { ApiServer } from './api-server.js';
import { LineSplitter, LineTooLongError } from './line-splitter.js';
import { parseList, parseWatchLine, type KubernetesObject } from './watch-objects.js';
import { GarbledError, SilenceError, watchRetry, type RetryTimes, type WatchEndReason } from './watch-retry.js';

/** An object of the API server is at most 1.5 MiB in etcd; JSON makes more of it. */
const LONGEST_LINE_BYTES = 4 * 1_048_576;

export interface WatchTimes extends RetryTimes {
  /** For the answer to a list, and for the beginning of a watch. */
  readonly answerMs: number;
  /** Bookmarks come about once a minute: a connection that is silent for longer may be dead without saying so. */
  readonly silenceMs: number;
  /** The server is asked to end a watch after this time, and it is followed on; spread by up to a fourth. */
  readonly watchMs: number;
  /** All is listed again once in this time: what was missed, and by whose mistake, is then mended. */
  readonly relistMs: number;
}

export const watchTimes: WatchTimes = {
  answerMs: 10_000,
  silenceMs: 75_000,
  watchMs: 240_000,
  relistMs: 300_000,
  firstMs: 500,
  mostMs: 30_000,
  forbiddenMs: 300_000,
};

/** What is followed, and who is told. */
export interface Watched {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** More than this is too much to keep: the rest of the list isn't read, and `complete` is false. */
  readonly mostObjects: number;
  listed(objects: readonly KubernetesObject[], complete: boolean): void;
  changed(object: KubernetesObject): void;
  removed(object: KubernetesObject): void;
  /** Any sign of life: what is known was true at this moment. */
  heard(): void;
  /** A watch has begun. */
  following(): void;
  /** After each end, also the usual one; the error is null then. `began`: there was a watch that has ended. */
  over(reason: WatchEndReason, error: unknown, began: boolean): void;
}

export interface WatchPorts {
  readonly api: Pick<ApiServer, 'call' | 'open'>;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Lists, then watches from the list's version on, for as long as it isn't stopped and whatever the API server does. The
 * library's informer stops at what it doesn't know, and its watch drops what it can't parse and how long it was asked to
 * wait: docs/decisions has the comparison.
 */
export class WatchedList {
  private stopped = false;
  private version: string | null = null;
  private listedAtMs = 0;
  /** Ends in a row with nothing heard since the beginning. */
  private failures = 0;
  private heardSince = false;
  /** By the monotonic clock; null while there is no watch, or wasn't since the last end. */
  private followedSinceMs: number | null = null;
  private stream: IncomingMessage | null = null;
  private pause: { readonly timer: Timer; readonly end: () => void } | null = null;

  constructor(
    private readonly watched: Watched,
    private readonly ports: WatchPorts,
    private readonly times: WatchTimes,
  ) {}

  /** Resolves after `stop`; never rejects. */
  async run(): Promise<void> {
    while (true) {
      const error = await this.once();
      if (this.stopped) return;
      if (this.wentWell()) this.failures = 0;
      const { reason, relist, afterMs } = watchRetry(error, this.failures, this.times, this.ports.random);
      if (relist) this.version = null;
      if (!this.wentWell() || relist) this.failures += 1;
      this.watched.over(reason, error, this.followedSinceMs !== null);
      await this.wait(afterMs);
    }
  }

  stop(): void {
    this.stopped = true;
    this.stream?.destroy();
    this.pause?.timer.cancel();
    this.pause?.end();
  }

  /** One that lasted as long as the longest backoff needs no other: an idle Service says nothing for hours. */
  private wentWell(): boolean {
    const { followedSinceMs } = this;
    const lastedMs = followedSinceMs === null ? 0 : this.ports.clock.monotonic() - followedSinceMs;
    return this.heardSince || lastedMs >= this.times.mostMs;
  }

  /** What ended it; null: the server, in its time. */
  private async once(): Promise<unknown> {
    this.heardSince = false;
    this.followedSinceMs = null;
    if (this.stopped) return null;
    try {
      if (this.ports.clock.monotonic() - this.listedAtMs >= this.times.relistMs) this.version = null;
      this.version ??= await this.list();
      await this.watch(this.version);
      return null;
    } catch (error) {
      return error;
    }
  }

  private async list(): Promise<string> {
    const { path, query, mostObjects } = this.watched;
    const limit = String(mostObjects);
    const body = await this.ports.api.call({
      method: 'GET',
      path,
      query: { ...query, limit },
      withinMs: this.times.answerMs,
    });
    const { objects, version, complete } = parseList(body);
    this.listedAtMs = this.ports.clock.monotonic();
    this.watched.listed(objects, complete);
    this.watched.heard();
    return version;
  }

  private async watch(version: string): Promise<void> {
    const seconds = Math.ceil((this.times.watchMs / 1_000) * (1 + 0.25 * this.ports.random()));
    const { path, query } = this.watched;
    this.stream = await this.ports.api.open({
      method: 'GET',
      path,
      query: {
        ...query,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: version,
        timeoutSeconds: String(seconds),
      },
      withinMs: this.times.answerMs,
    });
    this.followedSinceMs = this.ports.clock.monotonic();
    this.watched.heard();
    this.watched.following();
    try {
      await this.follow(this.stream);
    } finally {
      this.stream.destroy();
      this.stream = null;
    }
  }

  private async follow(stream: IncomingMessage): Promise<void> {
    // It may have been stopped while the answer was on its way.
    if (this.stopped) return;
    const lines = new LineSplitter(LONGEST_LINE_BYTES);
    let silence = this.silenceOf(stream);
    try {
      for await (const part of stream as AsyncIterable<Buffer>) {
        silence.cancel();
        for (const line of lines.push(part)) this.take(line);
        silence = this.silenceOf(stream);
      }
    } catch (error) {
      throw error instanceof LineTooLongError ? new GarbledError(error.message, { cause: error }) : error;
    } finally {
      silence.cancel();
    }
  }

  private silenceOf(stream: IncomingMessage): Timer {
    const { silenceMs } = this.times;
    return this.ports.clock.after(silenceMs, () => {
      stream.destroy(new SilenceError(`nothing was heard of ${this.watched.path} for ${silenceMs} ms`));
    });
  }

  private take(line: string): void {
    const event = parseWatchLine(line);
    if (event.type === 'ERROR') throw new ApiError(event.code, `the watch ended: ${event.message}`);
    // Before the version is: what is told twice does no harm, what isn't told at all does.
    if (event.type === 'DELETED') this.watched.removed(event.object);
    else if (event.type !== 'BOOKMARK') this.watched.changed(event.object);
    this.version = event.object.version;
    this.heardSince = true;
    this.watched.heard();
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.ports.clock.after(ms, resolve);
      this.pause = { timer, end: resolve };
    });
  }
}
