import { quickDrain, type DrainTimes } from '../pods/pod-environment.js';
import { ownBuild, type BuildUnderTest } from './build-under-test.js';

export interface StageOptions {
  readonly build: BuildUnderTest;
  readonly replicas: number;
  /** Each tenant has its own clients and backend. */
  readonly tenants: readonly string[];
  readonly clientsPerTenant: number;
  /** Processes that the clients of a tenant are spread over. */
  readonly processesPerTenant: number;
  /** What each client publishes per second. */
  readonly publishesPerSecond: number;
  readonly roomSize: number;
  /** What each tenant's backend sends per second. */
  readonly sendsPerSecond: number;
  /** True: pods tell clients their own URLs. False: all come back through the balancer. */
  readonly advertise: boolean;
  /** How late endpoints are removed, in ms. */
  readonly removeLateMs: number;
  readonly drain: DrainTimes;
  /**
   * `fragile`: a Redis that may be paused, and ways to it that may be slow or cut; `durable`: one that also comes back
   * after SIGKILL; `sentinel` and `cluster`: servers that replace one another. `any`: that of BATON_REDIS_URL if set.
   */
  readonly redis: 'any' | 'fragile' | 'durable' | 'sentinel' | 'cluster';
  /** A pod that ends before it listens is replaced, as a kubelet does it; otherwise it is the stage's failure. */
  readonly restartsPods: boolean;
  /** More environment for pods. */
  readonly environment: Readonly<Record<string, string>>;
  /** ... and for those of one revision. */
  readonly environmentOf: (revision: string) => Readonly<Record<string, string>>;
  /** Delays before a client resumes; null: the SDK's own. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number } | null;
}

export const smallStage: StageOptions = {
  build: ownBuild,
  replicas: 2,
  tenants: ['acme'],
  clientsPerTenant: 40,
  processesPerTenant: 1,
  publishesPerSecond: 2,
  roomSize: 10,
  sendsPerSecond: 50,
  advertise: false,
  removeLateMs: 1000,
  drain: quickDrain,
  redis: 'any',
  restartsPods: false,
  environment: {},
  environmentOf: () => ({}),
  backoff: null,
};

/** The streams of the rooms of a stage, each with its tenant. */
export function roomsOf({ tenants, clientsPerTenant, roomSize }: StageOptions): string[] {
  const count = Math.ceil(clientsPerTenant / roomSize);
  const names = Array.from({ length: count }, (_, n) => `channel:room-${n}`);
  return tenants.flatMap((tenant) => names.map((name) => `${tenant}/${name}`));
}
