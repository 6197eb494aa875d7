import { BeatingFleet } from '../../src/fleet/beating-fleet.js';
import type { FleetTable } from '../../src/fleet/fleet-table.js';
import { MemoryFleetTable } from '../../src/fleet/memory-fleet-table.js';
import { noOrchestrator, type Orchestrator } from '../../src/fleet/orchestrator.js';
import { PeerPicker } from '../../src/fleet/peer-picker.js';
import type { DrainConfig } from '../../src/config/config.js';
import type { Admission } from '../../src/connections/admission.js';
import type {
  ConnectionRegistry,
  MigrateRequest,
  MovableConnection,
} from '../../src/connections/connection-registry.js';
import { DrainAdmission } from '../../src/draining/drain-admission.js';
import { DrainCoordinator } from '../../src/draining/drain-coordinator.js';
import { MemoryPaceBucket } from '../../src/draining/memory-pace-bucket.js';
import { BatonError } from '../../src/lib/baton-error.js';
import { asConnectionId, asPodId } from '../../src/protocol/ids.js';
import { ManualClock } from './manual-clock.js';
import { seededRandom } from './seeded-random.js';
import { silentLogger } from './silent-logger.js';

export const drainConfig: DrainConfig = {
  graceMs: 150_000,
  preStopMs: 0,
  holdMs: 90_000,
  holdStallMs: 30_000,
  handOverMs: 40_000,
  closeMs: 5_000,
  reserveMs: 15_000,
  peerReadyMs: 3_000,
  pacePerReceiver: 200,
};

/** A pod: all of fleet/ and draining/ as it is, with clients instead of sockets. */
export class SimulatedPod implements ConnectionRegistry {
  readonly clients = new Set<SimulatedClient>();
  readonly fleet: BeatingFleet;
  readonly drain: DrainCoordinator;
  readonly unclaimed = 0;
  exited = false;
  private readonly admission: DrainAdmission;

  constructor(
    readonly name: string,
    readonly revision: string,
    private readonly world: SimulatedFleet,
  ) {
    const { clock, random } = world;
    const identity = {
      pod: asPodId(name),
      name,
      workload: 'shop/baton',
      revision,
      capacity: 10_000,
      url: `ws://${name}`,
      probeUrl: null,
      protocols: ['baton.v1'],
    };
    this.fleet = new BeatingFleet(world.reach(), { identity, beatMs: 2_000 }, clock, silentLogger, random);
    this.fleet.countConnections(() => this.clients.size);
    const peers = new PeerPicker(this.fleet, world.config.peerReadyMs, world.orchestrator);
    const pace = { take: (wanted: number, rate: number) => world.whenReachable(() => world.pace.take(wanted, rate)) };
    const ports = { fleet: this.fleet, peers, connections: this, pace, orchestrator: world.orchestrator };
    this.drain = new DrainCoordinator(world.config, ports, clock, silentLogger, random);
    this.admission = new DrainAdmission(this.drain, ports, identity.capacity, random);
    void this.drain.finished.then(() => {
      this.exited = true;
      return this.fleet.leave();
    });
  }

  get size(): number {
    return this.clients.size;
  }
  welcomed(): Iterable<MovableConnection> {
    return this.clients;
  }
  closeUnclaimed(): void {
    // Simulated clients are welcomed at once.
  }
  admit(hops: number): Admission {
    return this.exited ? { kind: 'busy', retryAfterMs: 500 } : this.admission.admit(hops);
  }
}

let count = 0;

/** A client that does what the specification of clients says; `deaf` ones never answer. */
export class SimulatedClient implements MovableConnection {
  readonly id = asConnectionId(`c${(count += 1)}`);
  readonly overlap = true;
  readonly caughtUp = true;
  moves = 0;
  forced = 0;
  pod: SimulatedPod | null = null;
  private trying = false;
  private untilMs = 0;

  constructor(
    readonly tenant: string,
    private readonly world: SimulatedFleet,
    private readonly deaf = false,
  ) {}

  place(pod: SimulatedPod): void {
    this.pod?.clients.delete(this);
    this.pod = pod;
    pod.clients.add(this);
  }
  migrate({ withinMs, deadlineMs, endpoints }: MigrateRequest): void {
    if (this.deaf || this.trying) return;
    this.trying = true;
    const { clock, random } = this.world;
    this.untilMs = clock.monotonic() + deadlineMs;
    clock.after(random() * withinMs + 20, () => {
      this.connect(endpoints, 0);
    });
  }
  closeDrained(): void {
    if (this.pod?.drain.phase !== 'closing') return;
    this.terminate();
    this.forced += 1;
  }
  terminate(): void {
    this.pod?.clients.delete(this);
    this.pod = null;
  }

  private connect(endpoints: readonly string[], hops: number): void {
    const { clock, random } = this.world;
    const target = this.world.find(endpoints[0]);
    const answer = target?.admit(hops);
    if (target && answer?.kind === 'take') {
      this.trying = false;
      this.moves += 1;
      this.place(target);
    } else if (answer?.kind === 'elsewhere') {
      clock.after(5, () => {
        this.connect(answer.endpoints, hops + 1);
      });
    } else if (this.pod === null || clock.monotonic() >= this.untilMs) {
      this.trying = false;
    } else {
      clock.after(random() * 500, () => {
        this.connect(endpoints, 0);
      });
    }
  }
}

/** Pods of a Deployment with their clients, all on one manual clock. */
export class SimulatedFleet {
  readonly clock = new ManualClock();
  readonly random: () => number;
  readonly pods: SimulatedPod[] = [];
  readonly clients: SimulatedClient[] = [];
  readonly pace = new MemoryPaceBucket(this.clock);
  redisAway = false;
  /** Of the pods that are started from now on. */
  orchestrator: Orchestrator = noOrchestrator;
  private readonly table = new MemoryFleetTable(this.clock, 10_000);

  constructor(
    seed: number,
    readonly config: DrainConfig = drainConfig,
  ) {
    this.random = seededRandom(seed);
  }

  /** A pod that is ready after `startMs`; never, if that is Infinity. */
  start(revision: string, startMs = 1_000): SimulatedPod {
    const pod = new SimulatedPod(`${revision}-${this.pods.length}`, revision, this);
    this.pods.push(pod);
    void pod.fleet.start();
    if (Number.isFinite(startMs)) this.clock.after(startMs, () => void pod.fleet.announce('serving'));
    return pod;
  }
  /** Pods of one revision that have been serving for a while, each with its clients. */
  async settled(podCount: number, clientsEach: number, revision = 'one'): Promise<SimulatedPod[]> {
    const pods = Array.from({ length: podCount }, () => this.start(revision));
    await this.clock.run(60_000, 500);
    for (const pod of pods) for (let index = 0; index < clientsEach; index += 1) this.connect(pod, `t${index % 3}`);
    return pods;
  }
  connect(pod: SimulatedPod, tenant = 't', deaf = false): SimulatedClient {
    const client = new SimulatedClient(tenant, this, deaf);
    this.clients.push(client);
    client.place(pod);
    return client;
  }
  /** What a Deployment controller does: `surge` new pods at a time, and an old one goes for each that is ready. */
  async roll(old: readonly SimulatedPod[], revision: string, surge: number): Promise<SimulatedPod[]> {
    const fresh: SimulatedPod[] = [];
    for (let from = 0; from < old.length; from += surge) {
      const leaving = old.slice(from, from + surge);
      fresh.push(...leaving.map(() => this.start(revision)));
      await this.clock.run(2_000);
      for (const pod of leaving) pod.drain.begin('SIGTERM');
    }
    return fresh;
  }

  find(url: string | undefined): SimulatedPod | undefined {
    return this.pods.find((pod) => `ws://${pod.name}` === url);
  }
  /** The fleet's table as one pod reaches it. */
  reach(): FleetTable {
    const { table } = this;
    return {
      beat: (row) => this.whenReachable(() => table.beat(row)),
      leave: (pod) => this.whenReachable(() => table.leave(pod)),
      find: (pod) => this.whenReachable(() => table.find(pod)),
    };
  }
  async whenReachable<T>(work: () => Promise<T>): Promise<T> {
    if (this.redisAway) throw new BatonError('unavailable');
    return work();
  }
}

/** The fullest pod's clients by the mean. */
export function imbalance(pods: readonly SimulatedPod[]): number {
  const sizes = pods.map((pod) => pod.size);
  return Math.max(...sizes) / (sizes.reduce((sum, size) => sum + size, 0) / sizes.length);
}
