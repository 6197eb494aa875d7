import type { StageOptions } from '../stage/stage-options.js';
import type { PairOutcome } from './campaign-report.js';

export interface CampaignOptions {
  readonly seed: number;
  /** No pair begins after so long, in ms. */
  readonly forMs: number;
  /** The numbers of the pairs, from first to last (Infinity: until the time is over). */
  readonly first: number;
  readonly last: number;
  /** What pods find: one server, or several that replace one another. */
  readonly topology: Topology;
  /** Draws outages of 7 minutes, too. */
  readonly long: boolean;
  /** Where the logs of broken pairs go. */
  readonly keepIn: string;
  readonly stage: Partial<StageOptions>;
  readonly onPair: (outcome: PairOutcome) => void;
}

export type Topology = 'single' | 'sentinel' | 'cluster';

export const campaignStage: Partial<StageOptions> = {
  replicas: 3,
  redis: 'durable',
  restartsPods: true,
  tenants: ['acme', 'umbrella'],
  clientsPerTenant: 16,
  processesPerTenant: 2,
  publishesPerSecond: 2,
  roomSize: 8,
  sendsPerSecond: 40,
  removeLateMs: 500,
  // Half-open connections are found after two pings; delays as in troubles, for the same reason.
  environment: { BATON_PING_MS: '2000' },
  backoff: { baseMs: 200, maxMs: 2_000 },
};
