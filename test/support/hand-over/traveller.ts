import { WebSocket } from 'ws';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import {
  connect,
  type Client,
  type ClientOptions,
  type StreamName,
  type WireEvent,
} from '../../../src/client/index.js';
import { eventually } from '../eventually.js';
import { Ticker } from '../load/ticker.js';

const PER_SECOND = 50;

/** A client that publishes numbers to a channel of its own while it is moved about, and hears what another sends it. */
export class Traveller {
  readonly client: Client;
  readonly events: WireEvent[] = [];
  readonly resets: string[] = [];
  readonly failures: unknown[] = [];
  private readonly heardOn = new Map<StreamName, number[]>();
  private readonly saidOn = new Map<StreamName, number>();
  private acknowledged = 0;
  private readonly ticker: Ticker;

  constructor(
    readonly user: string,
    options: Pick<ClientOptions, 'url' | 'token' | 'overlap' | 'clock'>,
  ) {
    this.client = connect({
      // Short delays: what happens is looked at, not how long it takes.
      backoff: { baseMs: 50, maxMs: 500 },
      allowedOrigins: 'same-host',
      webSocket: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
      observer: (event) => this.events.push(event),
      ...options,
    });
    this.client.on('reset', ({ stream, reason }) => this.resets.push(`${stream} ${reason}`));
    this.client.on('error', (error) => this.failures.push(error));
    this.ticker = new Ticker(PER_SECOND, () => {
      for (const stream of this.saidOn.keys()) this.say(stream);
    });
  }

  get session(): string {
    return this.client.session?.id ?? '';
  }
  /** The pod that it is connected to, or null. */
  get pod(): string | null {
    return 'pod' in this.client.state ? this.client.state.pod : null;
  }
  get attempt(): number {
    return 'attempt' in this.client.state ? this.client.state.attempt : 0;
  }
  /** Attempts that were welcomed, in order. */
  get welcomes(): readonly number[] {
    return this.events.flatMap((event) => (event.type === 'welcome' ? [event.attempt] : []));
  }
  get said(): number {
    return Math.max(0, ...this.saidOn.values());
  }

  /** Resolves when it is live. */
  async follow(...streams: readonly StreamName[]): Promise<void> {
    const ready = streams.map((stream) => {
      const heard: number[] = [];
      this.heardOn.set(stream, heard);
      return this.client.subscribe(stream, ({ data }) => heard.push(Number(data))).ready;
    });
    await eventually(`${streams.join(' and ')} to be live`, () => Promise.all(ready).then(() => true));
  }
  /** Goes on saying 1, 2, 3 ... on each of them until `hush`. */
  talk(...streams: readonly StreamName[]): void {
    for (const stream of streams) this.saidOn.set(stream, 0);
    this.ticker.start();
  }
  /** Resolves when everything has been acknowledged. */
  async hush(): Promise<void> {
    this.ticker.stop();
    const said = [...this.saidOn.values()].reduce((sum, count) => sum + count, 0);
    await eventually(
      () => `${said} messages to be acknowledged, not ${this.acknowledged} (${String(this.failures)})`,
      () => this.acknowledged === said,
      { withinMs: 20_000 },
    );
  }
  heard(stream: StreamName): readonly number[] {
    return this.heardOn.get(stream) ?? [];
  }
  /** What was said on the stream, in order and once each, when as much as that has come. */
  async hearsAll(stream: StreamName, count: number): Promise<readonly number[]> {
    await eventually(
      () => `${count} messages of ${stream}, not ${this.heard(stream).length}`,
      () => this.heard(stream).length >= count,
    );
    return this.heard(stream);
  }
  async leave(): Promise<void> {
    this.ticker.stop();
    await this.client.close();
  }

  private say(stream: StreamName): void {
    const number = (this.saidOn.get(stream) ?? 0) + 1;
    this.saidOn.set(stream, number);
    this.client.publish(stream, number).then(
      () => (this.acknowledged += 1),
      (error: unknown) => this.failures.push(error),
    );
  }
}

export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** A client's time, in which its waits of 5 and 10 s are a tenth as long. */
export const tenfoldClock: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * 10,
  after: (delayMs, run) => systemClock.after(delayMs / 10, run),
  every: (periodMs, run) => systemClock.every(periodMs / 10, run),
};
