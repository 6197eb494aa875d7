import type { Json } from '../../../src/client/index.js';
import { eventually } from '../eventually.js';
import { RawClient } from '../raw-client.js';
import type { Guest } from './guest.js';
import type { PodsHere } from './pods-here.js';

/** How Redis goes and comes back. */
export interface Absence {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

/** What was seen while Redis was away and after. */
export interface OutageStory {
  /** Of sockets that were open before, as `<who>: <code> <reason>`. */
  readonly closings: readonly string[];
  /** Acknowledgements and HTTP successes between the beginning and the end. */
  readonly acknowledgedMeanwhile: readonly unknown[];
  /** What became of each newcomer, as frames' types and the close code. */
  readonly newcomers: readonly string[];
  /** Answers of the probes, each kind once: `<pod> <path> <status>`. */
  readonly probes: readonly string[];
  /** What came to a subscribe that was sent when Redis went. */
  readonly midSubscribe: readonly object[];
  /** What became of a `hello` that was sent when Redis went. */
  readonly midHello: string;
  /** How long it took from the return of Redis, in ms; a sentence if it took longer than 10 s. */
  readonly normalAfterMs: Readonly<Record<string, number | string>>;
  readonly said: readonly Json[];
  readonly heard: Readonly<Record<string, readonly Json[]>>;
}

const LOOK_EVERY_MS = 500;
const NORMAL_WITHIN_MS = 10_000;
const BEFORE = ['before 1', 'before 2', 'before 3'] as const;
const MEANWHILE = ['meanwhile 1', 'meanwhile 2', 'meanwhile 3'] as const;

/** Clients of two pods (`a` and `b`), which are running, live through an absence of Redis. */
export async function liveThrough(pods: PodsHere, absence: Absence, awayMs: number): Promise<OutageStory> {
  const outage = new Outage(pods);
  await outage.before();
  await absence.begin();
  await outage.meanwhile(awayMs);
  await absence.end();
  return outage.after();
}

class Outage {
  private readonly listener: Guest;
  private readonly speaker: Guest;
  private midSubscriber!: RawClient;
  private midHello!: RawClient;
  private acknowledgedMeanwhile: readonly unknown[] = [];
  private readonly newcomers: Promise<string>[] = [];
  private readonly probes = new Set<string>();
  private midSubscribe: readonly object[] = [];
  private readonly sends: Promise<void>[] = [];
  private readonly sent: Json[] = [];
  private closings: readonly string[] = [];
  private refusals = 0;

  constructor(private readonly pods: PodsHere) {
    this.listener = pods.guest('ann', 'a');
    this.speaker = pods.guest('bob', 'b');
  }

  async before(): Promise<void> {
    await this.listener.follow(['channel:news', 'session', 'user']);
    await this.speaker.follow(['channel:news']);
    for (const text of BEFORE) await this.speaker.publish('channel:news', text);
    await eventually('what was said before to arrive', () => this.listener.heard('channel:news').length === 3);
    this.midSubscriber = await RawClient.open(`${this.pods.url('a')}/v1/connect`);
    this.midSubscriber.send({ ...hello, token: await this.pods.token('cyd') });
    await this.midSubscriber.next('welcome');
    this.midHello = await RawClient.open(`${this.pods.url('a')}/v1/connect`);
  }

  async meanwhile(awayMs: number): Promise<void> {
    const acknowledgedBefore = this.speaker.acknowledged.length;
    this.midSubscriber.send({ type: 'subscribe', stream: 'channel:late' });
    this.midHello.send({ ...hello, token: await this.pods.token('dan') });
    const midHello = fateOf(this.midHello);
    this.newcomers.push(midHello);
    this.speaker.subscribe('channel:late');
    for (const text of MEANWHILE) void this.speaker.publish('channel:news', text);
    this.send('sent meanwhile');
    const endMs = performance.now() + awayMs;
    let looks = 0;
    const looked = async (): Promise<boolean> => {
      if (looks % 8 === 0) this.newcomers.push(this.newcomer(looks % 16 === 0 ? 'a' : 'b'));
      looks += 1;
      await this.look();
      return performance.now() >= endMs;
    };
    await eventually('the time to pass', looked, { withinMs: awayMs + 20_000, everyMs: LOOK_EVERY_MS });
    this.acknowledgedMeanwhile = [...this.speaker.acknowledged.slice(acknowledgedBefore), ...this.sent];
    this.midSubscribe = this.midSubscriber.of('error');
    this.closings = this.closed();
  }

  async after(): Promise<OutageStory> {
    const sinceMs = performance.now();
    const normalAfterMs: Record<string, number | string> = {};
    const within = async (what: string, condition: () => unknown): Promise<void> => {
      const late = await eventually(what, condition, { withinMs: NORMAL_WITHIN_MS, everyMs: 10 }).then(
        () => null,
        String,
      );
      normalAfterMs[what] = late ?? inTime(what, performance.now() - sinceMs);
    };
    await Promise.all([
      within('what was published meanwhile is acknowledged', () => this.speaker.acknowledged.length === 6),
      within('what backends send is delivered', async () => this.backendIsHeard()),
      within('a newcomer is welcomed', async () => (await this.newcomer('a')) === 'welcome'),
      within('a subscribe of the SDK is answered', async () => this.lateIsLive()),
      within('a subscribe is answered', () => this.subscribedLate()),
      within('what was published meanwhile is delivered', () => this.listener.heard('channel:news').length >= 7),
    ]);
    await Promise.all(this.sends);
    // Only now: each may take longer than everything above may.
    const [midHello, ...newcomers] = await Promise.all(this.newcomers);
    this.midSubscriber.terminate();
    return {
      closings: [...new Set([...this.closings, ...this.closed()])],
      acknowledgedMeanwhile: this.acknowledgedMeanwhile,
      newcomers,
      midHello: midHello ?? '',
      probes: [...this.probes].sort(),
      midSubscribe: this.midSubscribe,
      normalAfterMs,
      said: [...BEFORE, ...MEANWHILE, ...this.sent],
      heard: { ann: this.listener.heard('channel:news'), bob: this.speaker.heard('channel:news') },
    };
  }

  /** The same key again and again, as a backend does: one message. */
  private send(text: string): void {
    const sending = eventually(
      `${text} to be taken`,
      async () => {
        const { status } = await this.pods.send('b', { channel: 'news' }, text, text.replaceAll(' ', '-'));
        if (status >= 500) return false;
        this.sent.push(text);
        return true;
      },
      { withinMs: 300_000, everyMs: LOOK_EVERY_MS },
    );
    this.sends.push(sending.then(() => undefined));
    sending.catch(() => undefined);
  }

  private async look(): Promise<void> {
    // Or it is taken for dead after a minute.
    this.midSubscriber.send({ type: 'pong' });
    for (const pod of ['a', 'b'])
      for (const path of ['/livez', '/readyz']) this.probes.add(`${pod} ${path} ${await this.pods.probe(pod, path)}`);
  }

  private async newcomer(pod: string): Promise<string> {
    const client = await RawClient.open(`${this.pods.url(pod)}/v1/connect`);
    client.send({ ...hello, token: await this.pods.token('eve') });
    return fateOf(client);
  }

  private async backendIsHeard(): Promise<boolean> {
    if (this.sent.length === 1) {
      const { status } = await this.pods.send('a', { channel: 'news' }, 'after', 'after');
      if (status < 300) this.sent.push('after');
    }
    return this.listener.heard('channel:news').includes('after');
  }

  private async lateIsLive(): Promise<boolean> {
    const subscription = this.speaker.subscribe('channel:late');
    await subscription.ready;
    return true;
  }

  /** Asks again, once for each refusal, as clients do. */
  private subscribedLate(): boolean {
    if (this.midSubscriber.of('error').length > this.refusals) {
      this.refusals += 1;
      this.midSubscriber.send({ type: 'subscribe', stream: 'channel:late' });
    }
    return this.midSubscriber.of('subscribed').length > 0;
  }

  private closed(): readonly string[] {
    const { closed } = this.midSubscriber;
    return [
      ...this.listener.closings.map((closing) => `ann: ${closing}`),
      ...this.speaker.closings.map((closing) => `bob: ${closing}`),
      ...(closed === null ? [] : [`cyd: ${closed.code} ${closed.reason}`]),
    ];
  }
}

/** What is looked at may itself take longer than all of it may. */
export function inTime(what: string, tookMs: number): number | string {
  return tookMs <= NORMAL_WITHIN_MS ? Math.round(tookMs) : `${what}: only after ${Math.round(tookMs)} ms`;
}

const hello = { type: 'hello', attempt: 1, streams: {}, can: ['overlap'], hops: 0 } as const;

/** `welcome`, or what it was told before its socket was closed, and the code. */
async function fateOf(client: RawClient): Promise<string> {
  const fate = await eventually(
    'a newcomer to be told something',
    () => {
      if (client.of('welcome').length > 0) return 'welcome';
      const said = client.frames.map(({ type }) => type).join(' ');
      return client.closed && `${said} ${client.closed.code}`.trim();
    },
    { withinMs: 15_000 },
  ).catch((error: unknown) => String(error));
  client.terminate();
  return fate;
}
