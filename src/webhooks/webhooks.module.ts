import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config, PodConfig } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import { LivingPods } from '../connections/living-pods.js';
import { SteadyPods } from '../connections/steady-pods.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { METRICS, type Metrics } from '../observability/metrics.js';
import { SESSION_STORE, type SessionStore } from '../sessions/session-store.js';
import { SessionWatch } from '../sessions/session-watch.js';
import { httpSender } from './http-sender.js';
import { ledgerLimits } from './ledger-limits.js';
import { WEBHOOK_LEDGER, type WebhookLedger } from './webhook-ledger.js';
import { ReceiversFile } from './receivers-file.js';
import type { LookTimes } from './webhook-looks.js';
import { Webhooks } from './webhooks.js';
import type { WebhookPorts } from './webhook-ports.js';

const PORTS = Symbol('WebhookPorts');

/** Only part of an application that has a file of webhooks. The ledger comes with the module of the storage. */
@Module({
  providers: [
    {
      // Read when the application is put together: a bad file ends the start.
      provide: ReceiversFile,
      inject: [CONFIG, CLOCK, LOGGER],
      useFactory: ({ webhooks: { file } }: Config, clock: Clock, logger: Logger) => {
        if (file === null) throw new Error('there is no file of webhooks');
        return ReceiversFile.open(file, { clock, logger });
      },
    },
    {
      provide: SteadyPods,
      inject: [FLEET, CONFIG, CLOCK],
      useFactory: (fleet: Fleet, { pod }: Config, clock: Clock) =>
        new SteadyPods(new LivingPods(fleet, pod), fleet, clock, pod.beatTtlMs),
    },
    {
      provide: PORTS,
      inject: [WEBHOOK_LEDGER, SESSION_STORE, SteadyPods, FLEET, CLOCK, LOGGER, METRICS],
      useFactory: (
        ledger: WebhookLedger,
        store: SessionStore,
        pods: SteadyPods,
        fleet: Fleet,
        clock: Clock,
        logger: Logger,
        metrics: Metrics,
      ): WebhookPorts => {
        const podCount = (): number => fleet.peers().length + 1;
        return { ledger, store, pods, podCount, send: httpSender(clock), clock, logger, metrics };
      },
    },
    {
      provide: Webhooks,
      inject: [PORTS, ReceiversFile, CONFIG],
      useFactory: (ports: WebhookPorts, { atStart }: ReceiversFile, config: Config) =>
        new Webhooks(ports, atStart, config.webhooks, lookTimes(config)),
    },
  ],
})
export class WebhooksModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(Webhooks) private readonly webhooks: Webhooks,
    @Inject(SteadyPods) private readonly pods: SteadyPods,
    @Inject(ReceiversFile) private readonly receivers: ReceiversFile,
    @Inject(SessionWatch) watch: SessionWatch,
    @Inject(METRICS) metrics: Metrics,
  ) {
    watch.watch(webhooks);
    metrics.onScrape(() => {
      const { events, oldestMs } = webhooks.waiting;
      metrics.webhooksQueued.set(events);
      metrics.webhooksOldestSeconds.set(oldestMs / 1_000);
    });
  }

  onApplicationBootstrap(): void {
    this.pods.start();
    this.webhooks.start();
    this.receivers.watch((targets) => {
      this.webhooks.serve(targets);
    });
  }
  onApplicationShutdown(): void {
    this.receivers.stop();
    this.webhooks.stop();
    this.pods.stop();
  }
}

/**
 * A pod without a row has been silent for this long. But when Redis was away, and is back, some rows are back sooner than
 * others: two beats are waited for, whatever the grace.
 */
const silenceMs = ({ beatMs, beatTtlMs }: PodConfig, graceMs: number): number =>
  Math.min(beatTtlMs - 3 * beatMs, graceMs - 2 * beatMs);

function lookTimes({ webhooks, sessions, pod }: Config): LookTimes {
  const { graceMs, patrolMs } = ledgerLimits(webhooks, sessions);
  return { graceMs, patrolMs, sessionTtlMs: sessions.ttlMs, silenceMs: silenceMs(pod, graceMs) };
}
