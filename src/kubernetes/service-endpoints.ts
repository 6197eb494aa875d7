import type { Clock } from '../lib/clock.js';
import type { Metrics } from '../observability/metrics.js';
import { ApiError } from './api-error.js';
import { endpointsOf, readyPods, type Endpoint } from './endpoint-slice.js';
import type { Complaints, Request } from './complaints.js';
import type { KubernetesObject } from './watch-objects.js';
import { SilenceError, type WatchEndReason } from './watch-retry.js';
import type { Watched } from './watched-list.js';

/** Of 100 pods each, usually: more than a workload of this kind has. */
const MOST_SLICES = 100;

const request: Request = {
  verb: 'list, watch',
  resource: 'endpointslices.discovery.k8s.io',
  without: 'every pod that is ready by its row in Redis is sent clients',
};

export interface EndpointsOptions {
  readonly namespace: string;
  readonly service: string;
  /** What wasn't heard of for this long isn't known any more. */
  readonly staleMs: number;
}

/** Which pods a Service leads to, by its EndpointSlices. */
export class ServiceEndpoints implements Watched {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly mostObjects = MOST_SLICES;
  private readonly slices = new Map<string, readonly Endpoint[]>();
  private ready: ReadonlySet<string> = new Set();
  private complete = false;
  private heardAtMs = -Infinity;

  constructor(
    private readonly options: EndpointsOptions,
    private readonly clock: Clock,
    private readonly complaints: Complaints,
    private readonly metrics: Pick<Metrics, 'kubernetesWatchRestarts' | 'kubernetesLastEvent'>,
  ) {
    this.path = `/apis/discovery.k8s.io/v1/namespaces/${options.namespace}/endpointslices`;
    this.query = { labelSelector: `kubernetes.io/service-name=${options.service}` };
  }

  /** Null while that isn't known: nothing was heard for too long, or there is too much of it. */
  leadsTo(podName: string): boolean | null {
    return this.isKnown ? this.ready.has(podName) : null;
  }
  /** How many pods it leads to; null as above. */
  get size(): number | null {
    return this.isKnown ? this.ready.size : null;
  }
  private get isKnown(): boolean {
    return this.complete && this.clock.monotonic() - this.heardAtMs < this.options.staleMs;
  }

  listed(objects: readonly KubernetesObject[], complete: boolean): void {
    this.slices.clear();
    this.complete = complete;
    for (const object of objects) this.keep(object);
    this.ready = readyPods(this.slices.values());
  }

  changed(object: KubernetesObject): void {
    this.keep(object);
    this.ready = readyPods(this.slices.values());
  }

  removed(object: KubernetesObject): void {
    this.slices.delete(object.name);
    this.ready = readyPods(this.slices.values());
  }

  heard(): void {
    this.heardAtMs = this.clock.monotonic();
    this.metrics.kubernetesLastEvent.set(this.clock.now() / 1_000);
  }

  following(): void {
    this.complaints.worked(request);
  }

  over(reason: WatchEndReason, error: unknown, began: boolean): void {
    this.metrics.kubernetesWatchRestarts.inc({ reason });
    if (reason === 'expired' || (began && isUsual(error))) return;
    this.complaints.failed(request, error);
  }

  /** What can't be read or kept is as bad as what wasn't listed. */
  private keep(object: KubernetesObject): void {
    const endpoints = endpointsOf(object);
    const hasRoom = this.slices.size < MOST_SLICES || this.slices.has(object.name);
    if (endpoints !== null && hasRoom) this.slices.set(object.name, endpoints);
    else this.complete = false;
  }
}

/** Watches end and are cut whenever an API server is updated: only one that can't begin again is worth a line. */
const isUsual = (error: unknown): boolean =>
  error === null ||
  error instanceof SilenceError ||
  error instanceof ApiError ||
  // What Node's sockets say; a mistake of ours has no code.
  (typeof error === 'object' && 'code' in error);
