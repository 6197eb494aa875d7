import { BatonError } from '../../src/lib/baton-error.js';
import type { EntryId } from '../../src/protocol/ids.js';
import type { Position } from '../../src/protocol/position.js';
import type { DoubtCheck, RedisSubscriber } from '../../src/redis/redis-ports.js';
import type { AppendResult, Entry, ReadResult, StreamLog } from '../../src/streams/stream-log.js';

/**
 * One stream in a Redis whose every step a test chooses: when a command is executed, when its answer arrives, when a
 * published message arrives. Each connection keeps its order; between the two there is none, as in reality.
 */
export class SimulatedRedis implements StreamLog, RedisSubscriber {
  private entries: readonly Entry[] = [];
  private ids = 0;
  private epoch = this.newId();
  private trimmedTo = 0;
  private up = true;
  private readonly listeners = new Map<string, Set<(message: string) => void>>();
  private readonly confirmed = new Set<string>();
  private readonly checks: DoubtCheck[] = [];
  private readonly unanswered = new Set<(error: Error) => void>();
  private readonly unconfirmed = new Set<() => void>();
  /** Sent on the command connection, not executed. */
  private commands: (() => void)[] = [];
  private answers: (() => void)[] = [];
  /** Sent on the subscriber connection, not executed. */
  private subscribes: (() => void)[] = [];
  private pushes: (() => void)[] = [];

  get top(): Position {
    const last = this.entries.at(-1);
    return last ? { offset: last.offset, id: last.id } : { offset: 0, id: this.epoch };
  }
  get idle(): boolean {
    return this.commands.length + this.answers.length + this.subscribes.length + this.pushes.length === 0;
  }

  /** Nothing expires here. */
  touch(): Promise<void> {
    return Promise.resolve();
  }

  /** Pages are short, so that there are many. */
  read(_owner: unknown, position: Position | null): Promise<ReadResult> {
    return new Promise((resolve, reject) => {
      if (!this.up) {
        reject(new BatonError('unavailable'));
        return;
      }
      this.unanswered.add(reject);
      this.commands.push(() => {
        const result = this.evaluate(position, 3);
        this.answers.push(() => {
          this.unanswered.delete(reject);
          resolve(result);
        });
      });
    });
  }

  append(): Promise<AppendResult> {
    return Promise.reject(new Error('a test appends with publish()'));
  }

  subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    if (this.confirmed.has(channel)) return Promise.resolve();
    return new Promise((resolve) => {
      this.unconfirmed.add(resolve);
      this.subscribes.push(() => {
        this.confirmed.add(channel);
        this.pushes.push(() => {
          this.unconfirmed.delete(resolve);
          resolve();
        });
      });
    });
  }
  unsubscribe(channel: string, listener: (message: string) => void): void {
    const listeners = this.listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) {
      this.listeners.delete(channel);
      this.confirmed.delete(channel);
    }
  }
  onDoubt(check: DoubtCheck): void {
    this.checks.push(check);
  }

  /** Another pod appends so many entries with one script. */
  publish(count: number): void {
    const lines = Array.from({ length: count }, () => {
      const { offset, id: prev } = this.top;
      const entry = { offset: offset + 1, id: this.newId(), prev, data: '0' };
      this.entries = [...this.entries, entry];
      return `${this.epoch} ${entry.offset} ${entry.id} ${prev} ${entry.data}`;
    });
    for (const channel of this.confirmed) {
      this.pushes.push(() => {
        for (const listener of this.listeners.get(channel) ?? []) listener(`e${lines.join('\n')}`);
      });
    }
  }

  /** The next step on one of the four ways; false when there is none. */
  step(way: number): boolean {
    const queue = [this.commands, this.answers, this.subscribes, this.pushes][way % 4];
    const next = queue?.shift();
    next?.();
    return next !== undefined;
  }

  /** Both connections are gone with everything under way; commands that were sent may have been executed. */
  lose(): void {
    this.up = false;
    this.commands = [];
    this.answers = [];
    this.subscribes = [];
    this.pushes = [];
    this.confirmed.clear();
    const { unanswered } = this;
    for (const reject of unanswered) reject(new BatonError('unavailable'));
    unanswered.clear();
  }
  /** Everything is subscribed and confirmed again, then checked. */
  restore(): void {
    if (this.up) return;
    this.up = true;
    for (const channel of this.listeners.keys()) this.confirmed.add(channel);
    for (const resolve of this.unconfirmed) resolve();
    this.unconfirmed.clear();
    for (const check of this.checks) check(() => true);
  }

  /** A failover to a replica that had stopped following, so many entries ago; a proxy may hide that it happened. */
  rewind(count: number): void {
    this.entries = this.entries.slice(0, Math.max(this.trimmedTo, this.entries.length - count));
  }
  /** Everything is gone, the connections are not. */
  flush(): void {
    this.entries = [];
    this.trimmedTo = 0;
    this.epoch = this.newId();
  }
  trim(keep: number): void {
    this.trimmedTo = Math.max(this.trimmedTo, this.entries.length - keep);
  }

  /** What read.lua does. */
  private evaluate(position: Position | null, limit: number): ReadResult {
    const { top } = this;
    if (position === null) return { kind: 'entries', entries: [], top };
    const own = position.offset === 0 ? this.epoch : this.entries[position.offset - 1]?.id;
    if (position.offset > top.offset) return { kind: 'reset', reason: 'ahead', top };
    if (position.offset < this.trimmedTo) return { kind: 'reset', reason: 'trimmed', top };
    if (own !== position.id) return { kind: 'reset', reason: position.offset === 0 ? 'lost' : 'forked', top };
    return { kind: 'entries', entries: this.entries.slice(position.offset, position.offset + limit), top };
  }

  private newId(): EntryId {
    this.ids += 1;
    return `id${this.ids}` as EntryId;
  }
}
