import type { StageOptions } from '../stage/stage-options.js';
import type { PairOutcome } from './campaign-report.js';
import type { DrawOptions } from './draw.js';

export interface CampaignOptions extends DrawOptions {
  readonly seed: number;
  /** No pair begins after so long, in ms. */
  readonly forMs: number;
  /** The numbers of the pairs, from first to last (Infinity: until the time is over). */
  readonly first: number;
  readonly last: number;
  /** Where the logs of broken pairs go. */
  readonly keepIn: string;
  readonly stage: Partial<StageOptions>;
  readonly onPair: (outcome: PairOutcome) => void;
}

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
