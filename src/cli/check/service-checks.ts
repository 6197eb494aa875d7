import { randomUUID } from 'node:crypto';
import type { Client, WebSocketLike } from '../../client/index.js';
import type { Clock } from '../../lib/clock.js';
import { fail, ok, type CheckLine } from './check-line.js';

/** For each step. A resume may meet a pod that says `busy` once. */
const STEP_WITHIN_MS = 15_000;

const TO_DO = {
  connect: 'look at its URL, at what is between (ingress, network policies), and whether its pods are ready',
  publish:
    'look whether the credential may publish and subscribe, and whether Redis takes writes (baton check in a pod)',
  resume: 'look whether all pods have the same resume keys and the same Redis (baton check in each)',
} as const;
type Step = keyof typeof TO_DO;

/** What only a client sees: each step needs the one before. */
export async function serviceChecks(url: URL, credential: string, clock: Clock): Promise<readonly CheckLine[]> {
  const { connect } = await import('../../client/index.js');
  const line = new CuttableLine();
  const options = { url: url.href.replace(/^http/, 'ws'), token: credential, storage: null };
  const client = connect({ ...options, backoff: { baseMs: 50, maxMs: 2_000 }, webSocket: line.open });
  const other = connect(options);
  const trip = new Trip(client, other, line);
  const lines: CheckLine[] = [];
  try {
    for (const step of ['connect', 'publish', 'resume'] as const) lines.push(await taken(step, trip, clock));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    lines.push(error.line);
  } finally {
    await Promise.all([client.close(), other.close()]);
  }
  return lines;
}

class StepFailed extends Error {
  constructor(readonly line: CheckLine) {
    super(line.says);
  }
}

/** Throws StepFailed. */
async function taken(step: Step, trip: Trip, clock: Clock): Promise<CheckLine> {
  const startedMs = clock.monotonic();
  const deadline = Promise.withResolvers<never>();
  const timer = clock.after(STEP_WITHIN_MS, () => {
    deadline.reject(new Error(`not within ${STEP_WITHIN_MS / 1000} s${trip.lastError}`));
  });
  try {
    const says = await Promise.race([trip[step](), deadline.promise]);
    return ok(step, `${says} (${Math.round(clock.monotonic() - startedMs)} ms)`);
  } catch (error) {
    throw new StepFailed(fail(step, error instanceof Error ? error.message : String(error), TO_DO[step]));
  } finally {
    timer.cancel();
  }
}

/** One client that loses its connection, and another one that publishes while it is away. */
class Trip {
  private readonly channel = `channel:baton-check-${randomUUID().slice(0, 8)}` as const;
  private readonly heard: unknown[] = [];
  private waiting: (() => void) | null = null;
  lastError = '';

  constructor(
    private readonly client: Client,
    private readonly other: Client,
    private readonly line: CuttableLine,
  ) {
    for (const each of [client, other])
      each.on('error', ({ code, message }) => {
        this.lastError = `; the last error was ${code}: ${message}`;
      });
  }

  async connect(): Promise<string> {
    await Promise.all([this.client.ready, this.other.ready]);
    return `as session ${this.client.session?.id ?? ''}`;
  }

  async publish(): Promise<string> {
    const subscription = this.client.subscribe(this.channel, ({ data }) => {
      this.heard.push(data);
      this.waiting?.();
    });
    await subscription.ready;
    await this.client.publish(this.channel, 1);
    await this.hears(1);
    return 'a message is in the log, and came back';
  }

  async resume(): Promise<string> {
    const before = this.client.session?.id;
    const moved = Promise.withResolvers<string>();
    this.client.on('moved', ({ pod }) => {
      moved.resolve(pod);
    });
    this.client.on('restarted', () => {
      moved.reject(new Error('the session was gone: another one began'));
    });
    this.line.cut();
    await this.other.publish(this.channel, 2);
    this.line.mend();
    const pod = await moved.promise;
    await this.hears(2);
    if (this.client.session?.id !== before) throw new Error('it goes on as another session');
    if (String(this.heard) !== '1,2') throw new Error(`the messages that came were ${JSON.stringify(this.heard)}`);
    return `the session goes on at ${pod}, with the message it missed`;
  }

  private async hears(count: number): Promise<void> {
    while (this.heard.length < count)
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
  }
}

/** The platform's WebSocket, with an end that nobody announces. */
class CuttableLine {
  private last: WebSocketLike | null = null;
  private isCut = false;

  readonly open = (url: string, protocol: string): WebSocketLike => {
    if (this.isCut) throw new Error('cut on purpose');
    this.last = new WebSocket(url, protocol);
    return this.last;
  };

  /** Closes with a code that means a loss to both ends, and opens nothing until it is mended. */
  cut(): void {
    this.isCut = true;
    this.last?.close(3000);
  }

  mend(): void {
    this.isCut = false;
  }
}
