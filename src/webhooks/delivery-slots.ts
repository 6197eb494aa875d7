import type { TenantId } from '../protocol/ids.js';

/** What this pod knows of a receiver from what it sent last: `new`: nothing yet; `slow`: it takes what it gets, late. */
export type Standing = 'new' | 'quick' | 'slow' | 'failing';

/** One receiver may use this part of all slots, and of those that are free at the moment. */
const ONE_RECEIVER = 8;
const ONE_SLOW_RECEIVER = 16;
/** Those that keep their slots for long may use half of them together, and with the new ones three quarters. */
const POOR = 1 / 2;
const UNPROVEN = 3 / 4;

interface Receiver {
  busy: number;
  standing: Standing;
}

const isPoor = (standing: Standing): boolean => standing === 'slow' || standing === 'failing';

/**
 * Who may send how much at once. A receiver that fails or hangs is tried with one at a time, a slow one with a few, and all
 * of them together leave half of the slots to others; a quarter is only for those that have been quick.
 */
export class DeliverySlots {
  private readonly receivers = new Map<TenantId, Receiver>();
  private readonly busy: Record<Standing, number> = { new: 0, quick: 0, slow: 0, failing: 0 };

  constructor(private readonly total: number) {}

  free(tenant: TenantId): number {
    const { busy, standing } = this.receiver(tenant);
    const poor = this.busy.slow + this.busy.failing;
    const unproven = Math.ceil(this.total * UNPROVEN) - poor - this.busy.new;
    const rest = this.total - this.busy.quick - poor - this.busy.new;
    const open = {
      new: Math.min(rest, unproven),
      quick: rest,
      slow: Math.min(rest, unproven, Math.ceil(this.total * POOR) - poor),
      failing: Math.min(rest, unproven, Math.ceil(this.total * POOR) - poor),
    }[standing];
    return Math.max(0, Math.min(open, Math.ceil(rest / ONE_RECEIVER), this.mostOf(standing) - busy));
  }

  /** As many as are free. They come back with `giveBack`. */
  reserve(tenant: TenantId): number {
    const count = this.free(tenant);
    this.change(tenant, count);
    return count;
  }

  giveBack(tenant: TenantId, count: number): void {
    this.change(tenant, -count);
  }

  standingOf(tenant: TenantId): Standing {
    return this.receiver(tenant).standing;
  }

  note(tenant: TenantId, standing: Standing): void {
    const receiver = this.receiver(tenant);
    this.busy[receiver.standing] -= receiver.busy;
    this.busy[standing] += receiver.busy;
    receiver.standing = standing;
  }

  /** Not one that fails or is slow: what is down hears from all pods together about once a second. */
  isRoomy(tenant: TenantId): boolean {
    const { busy, standing } = this.receiver(tenant);
    // Enough of its own not to ask one by one.
    const most = this.mostOf(standing);
    return !isPoor(standing) && most - busy >= most / 2 && this.free(tenant) > 0;
  }

  private mostOf(standing: Standing): number {
    if (standing === 'quick') return Math.ceil(this.total / ONE_RECEIVER);
    return standing === 'slow' ? Math.ceil(this.total / ONE_SLOW_RECEIVER) : 1;
  }

  private change(tenant: TenantId, by: number): void {
    const receiver = this.receiver(tenant);
    receiver.busy += by;
    this.busy[receiver.standing] += by;
  }

  private receiver(tenant: TenantId): Receiver {
    const found = this.receivers.get(tenant);
    if (found) return found;
    const receiver: Receiver = { busy: 0, standing: 'new' };
    this.receivers.set(tenant, receiver);
    return receiver;
  }
}
