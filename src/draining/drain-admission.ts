import type { Admission, AdmissionPolicy } from '../connections/admission.js';
import type { Fleet } from '../fleet/fleet.js';
import { MAX_HOPS } from '../protocol/bounds.js';
import type { DrainCoordinator } from './drain-coordinator.js';
import { endpointsOf, type DrainPorts } from './hand-over.js';

/** The only pod takes a client while draining if it can stay at least this long. */
const WORTH_STAYING_MS = 5_000;

/** Who may come in: decided before the claim, so that a refused client still has its old connection. */
export class DrainAdmission implements AdmissionPolicy {
  constructor(
    private readonly drain: Pick<DrainCoordinator, 'isDraining' | 'untilClosingMs'>,
    private readonly ports: Pick<DrainPorts, 'peers' | 'connections'> & { readonly fleet: Pick<Fleet, 'stale'> },
    private readonly capacity: number,
    private readonly random: () => number = Math.random,
  ) {}

  admit(hops: number): Admission {
    const { fleet, peers } = this.ports;
    // Without Redis nothing can be claimed, here or elsewhere.
    if (fleet.stale) return this.busy();
    if (!this.drain.isDraining) return this.takeIfRoom();
    if (this.drain.untilClosingMs === 0) return this.busy();
    if (peers.receivers().length === 0)
      return this.drain.untilClosingMs >= WORTH_STAYING_MS ? this.takeIfRoom() : this.busy();
    if (hops >= MAX_HOPS) return this.busy();
    const [receiver] = peers.pick(1);
    return receiver ? { kind: 'elsewhere', reason: 'drain', endpoints: endpointsOf(receiver) } : this.busy();
  }

  /** The socket that asks is one of `size` already. */
  private takeIfRoom(): Admission {
    return this.ports.connections.size > this.capacity ? this.busy() : { kind: 'take' };
  }

  /** 0.5 to 1.5 s, at random: they all come back. */
  private busy(): Admission {
    return { kind: 'busy', retryAfterMs: Math.round(500 + 1_000 * this.random()) };
  }
}
