import { Counter, Gauge, Histogram, Registry } from 'prom-client';

type Labels<Name extends string> = readonly Name[];

const APPEND_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Every metric of a pod, in a registry of its own: two apps in one process don't share numbers. Base units, no ids as
 * labels, label values from closed sets. Values that are known elsewhere (open sockets, peers) are sampled when somebody
 * asks for the metrics, not kept up to date in between.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly samplers: (() => void)[] = [];

  readonly connections = this.gauge('connections', 'Open client sockets, welcomed or not.');
  readonly connectionsOpened = this.counter('connections_opened_total', 'WebSocket handshakes that were completed.');
  readonly connectionsClosed = this.counter('connections_closed_total', 'Sockets that were closed, by close code.', [
    'code',
    'initiator',
  ]);
  readonly upgradesRejected = this.counter('upgrades_rejected_total', 'Handshakes refused with an HTTP status.', [
    'reason',
  ]);
  readonly sessionResumes = this.counter('session_resumes_total', 'Answers to `hello`; `new` is a first session.', [
    'result',
  ]);
  readonly messagesReceived = this.counter('messages_received_total', 'Frames of clients.');
  readonly rateLimited = this.counter('rate_limited_total', 'Frames of clients that were over a rate.');
  readonly messagesSent = this.counter('messages_sent_total', '`message` frames written to sockets.');
  readonly streamResets = this.counter('stream_resets_total', 'Streams whose missed messages were gone.', ['reason']);
  readonly slowConsumers = this.counter(
    'slow_consumers_total',
    'Times a full queue made a socket catch up from the log.',
  );
  readonly appendSeconds = this.histogram(
    'append_seconds',
    'From the first sending of a batch to Redis to its answer.',
    APPEND_BUCKETS_SECONDS,
  );
  readonly drainPhase = this.gauge('drain_phase', '1 for the phase that the drain is in, 0 for all others.', ['phase']);
  readonly drainRemainingConnections = this.gauge('drain_remaining_connections', 'Sockets that a drain still has.');
  readonly drainForcedCloses = this.counter('drain_forced_closes_total', 'Clients closed at the drain deadline.');
  readonly peers = this.gauge('peers', 'Other live pods of this workload, as last read.', ['state', 'revision']);
  readonly redisUp = this.gauge('redis_up', '1 while commands to Redis succeed.');
  readonly kubernetesWatchRestarts = this.counter(
    'kubernetes_watch_restarts_total',
    'Ends of the watch of endpoints, each followed by another.',
    ['reason'],
  );
  readonly kubernetesLastEvent = this.gauge(
    'kubernetes_last_event_timestamp_seconds',
    'When the API server was last heard of; 0: never, or it is not asked.',
  );
  readonly eventLoopDelay = this.gauge('event_loop_delay_seconds', 'Delay of timers since the last scrape.', [
    'quantile',
  ]);
  readonly webhooksDelivered = this.counter('webhooks_delivered_total', 'Webhooks that a receiver took.');
  readonly webhookFailures = this.counter('webhook_failures_total', 'Sendings of webhooks that failed.', ['reason']);
  readonly webhooksGivenUp = this.counter('webhooks_given_up_total', 'Webhooks that are not sent again.', ['reason']);
  readonly webhooksDropped = this.counter('webhooks_dropped_total', 'Oldest webhooks of a queue that was full.');
  readonly webhooksQueued = this.gauge('webhooks_queued', 'Webhooks that wait in Redis, as this pod saw it last.');
  readonly webhooksOldestSeconds = this.gauge('webhooks_oldest_seconds', 'Age of the oldest of them.');
  readonly buildInfo = this.gauge('build_info', 'Always 1.', ['version', 'revision']);

  readonly contentType = this.registry.contentType;

  /** Runs before the metrics are written out: sets gauges whose value is known elsewhere. */
  onScrape(sample: () => void): void {
    this.samplers.push(sample);
  }

  /** The Prometheus text format. */
  async render(): Promise<string> {
    for (const sample of this.samplers) sample();
    return this.registry.metrics();
  }

  private counter<Name extends string = never>(name: string, help: string, labelNames: Labels<Name> = []) {
    return new Counter<Name>({ name: `baton_${name}`, help, labelNames, registers: [this.registry] });
  }
  private gauge<Name extends string = never>(name: string, help: string, labelNames: Labels<Name> = []) {
    return new Gauge<Name>({ name: `baton_${name}`, help, labelNames, registers: [this.registry] });
  }
  private histogram(name: string, help: string, buckets: number[]) {
    return new Histogram({ name: `baton_${name}`, help, buckets, registers: [this.registry] });
  }
}

export const METRICS = Symbol('Metrics');
