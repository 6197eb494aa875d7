import type { Clock, Timer } from '../lib/clock.js';
import type { DrainNews } from '../fleet/orchestrator.js';
import { ApiError } from './api-error.js';
import type { ApiServer } from './api-server.js';
import type { Complaints, Request } from './complaints.js';
import type { PodName } from './own-pod.js';

/** A drain has three. More at once would be a mistake, and not the API server's to suffer from. */
const MOST_WAITING = 8;
const SEND_WITHIN_MS = 2_000;
/** Sent again once, and not if it was refused: an Event is worth no more. */
const SENDINGS = 2;
const BETWEEN_MS = 250;

const request: Request = { verb: 'create', resource: 'events', without: 'the log says what the Events would' };

export interface Reporter extends PodName {
  readonly node: string;
  /** What makes the Event that of this pod and not of its namesake; null: unknown. */
  uid(): Promise<string | null>;
}

interface PodEvent {
  readonly reason: string;
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
  readonly atMs: number;
}

/** Events on the own pod: one after another, a few at most, given up rather than waited for. */
export class PodEvents {
  private readonly waiting: PodEvent[] = [];
  private sending: Promise<void> | null = null;
  private stopped = false;
  private hurried = false;
  private pause: { readonly timer: Timer; readonly end: () => void } | null = null;

  constructor(
    private readonly reporter: Reporter,
    private readonly api: Pick<ApiServer, 'call'>,
    private readonly clock: Clock,
    private readonly complaints: Complaints,
  ) {}

  tell(news: DrainNews): void {
    if (this.stopped || this.waiting.length >= MOST_WAITING) return;
    this.waiting.push({ ...eventOf(news), atMs: this.clock.now() });
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null;
    });
  }

  /** From now on without pauses; resolves when nothing is waiting any more. Never rejects. */
  async flush(): Promise<void> {
    this.hurried = true;
    this.pause?.timer.cancel();
    this.pause?.end();
    await this.sending;
  }

  /** Tells nothing more. */
  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
  }

  private async sendAll(): Promise<void> {
    for (let event = this.waiting[0]; event !== undefined; event = this.waiting[0]) {
      await this.send(event);
      this.waiting.shift();
      if (this.waiting.length > 0) await this.rest();
    }
  }

  private async send(event: PodEvent): Promise<void> {
    const { namespace } = this.reporter;
    const path = `/api/v1/namespaces/${namespace}/events`;
    const body = this.manifest(event, await this.reporter.uid());
    for (let sending = 1; sending <= SENDINGS; sending += 1) {
      try {
        // The same name each time: if the first arrived after all, the second is refused as a repeat.
        await this.api.call({ method: 'POST', path, body, withinMs: SEND_WITHIN_MS });
        this.complaints.worked(request);
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 409) return;
        const isRefused = error.status !== null && error.status < 500 && error.status !== 401;
        if (!isRefused && sending < SENDINGS && !this.stopped) {
          await this.rest();
          continue;
        }
        this.complaints.failed(request, error);
        return;
      }
    }
  }

  private manifest({ reason, type, message, atMs }: PodEvent, uid: string | null) {
    const { namespace, name, node } = this.reporter;
    const at = new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      apiVersion: 'v1',
      kind: 'Event',
      // As kubectl and kubelets name theirs: the object, and a time that differs.
      metadata: { namespace, name: `${name}.${reason.toLowerCase()}.${atMs.toString(16)}` },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, ...(uid !== null && { uid }) },
      reason,
      type,
      message,
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component: 'baton', host: node },
      reportingComponent: 'baton',
      reportingInstance: name,
    };
  }

  /** Events are no hurry, until the process ends. */
  private rest(): Promise<void> {
    return new Promise((resolve) => {
      if (this.hurried) resolve();
      else this.pause = { timer: this.clock.after(BETWEEN_MS, resolve), end: resolve };
    });
  }
}

function eventOf(news: DrainNews): Omit<PodEvent, 'atMs'> {
  switch (news.kind) {
    case 'began':
      return { reason: 'DrainStarted', type: 'Normal', message: `Draining ${connections(news.connections)}` };
    case 'forced':
      return {
        reason: 'DrainForced',
        type: 'Warning',
        message: `Time is up: closing ${connections(news.connections)} that couldn't be handed over`,
      };
    case 'finished':
      return {
        reason: 'DrainFinished',
        type: 'Normal',
        message: `Drained in ${Math.round(news.tookMs / 1_000)} s: ${news.moved} moved, ${news.forced} closed`,
      };
  }
}

const connections = (count: number): string => (count === 1 ? '1 connection' : `${count} connections`);
