import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Listener } from './node-subscriptions.js';
import type { DoubtCheck, RedisSubscriber } from './redis-ports.js';
import type { Topology } from './topology.js';

/** Each channel is subscribed to at the node that has its slot, and follows the slot. */
export class RoutedSubscriber implements RedisSubscriber {
  constructor(
    private readonly topology: Topology,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  async subscribe(name: string, listener: Listener): Promise<void> {
    const node = this.topology.nodeOf(name);
    if (!node) throw new BatonError('unavailable', 'nobody has said yet which node has what');
    const channel = node.subscriptions.listen(name, listener);
    if (channel.state === 'confirmed') return;
    channel.confirmed ??= Promise.withResolvers();
    try {
      await withDeadline(this.clock, 'a subscription', this.timeoutMs, channel.confirmed.promise);
    } catch (cause) {
      this.unsubscribe(name, listener);
      throw new BatonError('unavailable', undefined, { cause });
    }
  }

  unsubscribe(name: string, listener: Listener): void {
    this.topology.nodeOf(name)?.subscriptions.unlisten(name, listener);
  }

  onDoubt(check: DoubtCheck): void {
    this.topology.onDoubt(check);
  }
}
