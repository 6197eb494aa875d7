import type { TenantId } from '../protocol/ids.js';

/** Of all slots, those that one receiver may use, and those that receivers which fail may use together. */
const ONE_RECEIVER = 8;
const FAILING_RECEIVERS = 2;

interface Receiver {
  busy: number;
  failing: boolean;
}

/**
 * Who may send how much at once. A receiver that hangs keeps its few slots and no others; one that failed last time is
 * tried with one at a time, and all of them together leave half of the slots to those that answer.
 */
export class DeliverySlots {
  private readonly receivers = new Map<TenantId, Receiver>();
  private busy = 0;
  private busyFailing = 0;
  private readonly perReceiver: number;
  private readonly forFailing: number;

  constructor(private readonly total: number) {
    this.perReceiver = Math.ceil(total / ONE_RECEIVER);
    this.forFailing = Math.ceil(total / FAILING_RECEIVERS);
  }

  free(tenant: TenantId): number {
    const { busy, failing } = this.receiver(tenant);
    const rest = this.total - this.busy;
    const own = failing ? Math.min(1 - busy, this.forFailing - this.busyFailing) : this.perReceiver - busy;
    return Math.max(0, Math.min(rest, own));
  }

  /**
   * Worth asking for more at once: enough are free not to ask one by one. A receiver that fails waits for the next turn, so
   * that one that is down hears from all pods together about once a second.
   */
  isRoomy(tenant: TenantId): boolean {
    return !this.receiver(tenant).failing && this.free(tenant) >= this.perReceiver / 2;
  }

  take(tenant: TenantId): void {
    const receiver = this.receiver(tenant);
    receiver.busy += 1;
    this.busy += 1;
    if (receiver.failing) this.busyFailing += 1;
  }

  giveBack(tenant: TenantId): void {
    const receiver = this.receiver(tenant);
    receiver.busy -= 1;
    this.busy -= 1;
    if (receiver.failing) this.busyFailing -= 1;
  }

  note(tenant: TenantId, failing: boolean): void {
    const receiver = this.receiver(tenant);
    if (receiver.failing === failing) return;
    receiver.failing = failing;
    this.busyFailing += failing ? receiver.busy : -receiver.busy;
  }

  private receiver(tenant: TenantId): Receiver {
    const found = this.receivers.get(tenant);
    if (found) return found;
    const receiver = { busy: 0, failing: false };
    this.receivers.set(tenant, receiver);
    return receiver;
  }
}
