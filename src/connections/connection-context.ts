import type { ConnectionsConfig, LimitsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { TurnFlusher } from './turn-flusher.js';
import type { UnansweredWrites } from './unanswered-writes.js';

/** What all connections of a pod share. */
export interface ConnectionContext {
  readonly config: ConnectionsConfig;
  readonly limits: LimitsConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly flusher: TurnFlusher;
  readonly unanswered: UnansweredWrites;
  /** How long a superseded connection goes on delivering before it closes 4500. */
  readonly lingerMs: number;
}
