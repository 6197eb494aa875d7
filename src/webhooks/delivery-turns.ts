import type { TenantId } from '../protocol/ids.js';
import type { DeliverySlots } from './delivery-slots.js';
import type { Due, WebhookLedger } from './webhook-ledger.js';

/**
 * Whose turn it is when slots are free again: those that want more wait in a line, so that nobody gets back at once what
 * it has just given back. Slots are reserved before the ledger is asked: many ask at once, and each would see the same ones.
 */
export class DeliveryTurns {
  /** In the order in which they began to wait. */
  private readonly line = new Set<TenantId>();

  constructor(
    private readonly ledger: Pick<WebhookLedger, 'take'>,
    private readonly slots: DeliverySlots,
    private readonly onTurn: (tenant: TenantId) => void,
  ) {}

  /** Those that got nothing last time. */
  get waiting(): readonly TenantId[] {
    return [...this.line];
  }

  /** Each event of the answer has its slot until `done`. */
  async take(tenant: TenantId, looks: number): Promise<Due> {
    const reserved = this.slots.reserve(tenant);
    if (reserved > 0) this.line.delete(tenant);
    let used = 0;
    try {
      const due = await this.ledger.take(tenant, { looks, events: reserved });
      used = due.events.length;
      const wantsMore = due.queued > used && used === reserved;
      if (wantsMore && (reserved === 0 || this.slots.standingOf(tenant) !== 'failing')) this.line.add(tenant);
      return due;
    } finally {
      this.slots.giveBack(tenant, reserved - used);
      if (reserved > used) this.next();
    }
  }

  forget(tenant: TenantId): void {
    this.line.delete(tenant);
  }

  done(tenant: TenantId): void {
    this.slots.giveBack(tenant, 1);
    this.next();
  }

  private next(): void {
    for (const tenant of this.waiting) if (this.slots.isRoomy(tenant)) this.onTurn(tenant);
  }
}
