import type { HostPort } from '../config/redis-config.js';
import { randomId } from '../lib/random-id.js';
import { RedisKeys } from './keys.js';
import { RedisNode, type NodeContext } from './redis-node.js';
import type { DoubtCheck } from './redis-ports.js';

/** Which Redis has which key. */
export interface Topology {
  /** null until a cluster has said who has what. */
  nodeOf(key: string): RedisNode | null;
  /** Changes when the key comes to live at another node: an answer from before says nothing about now. */
  generationOf(key: string): number;
  /** A node said that the key's slot is elsewhere; null if that node can't be asked now. */
  redirected(to: HostPort, from: RedisNode): RedisNode | null;
  readonly nodes: readonly RedisNode[];
  onDoubt(check: DoubtCheck): void;
  /** Resolves when Redis was reached or the first try has failed; later ones follow by themselves. */
  start(): Promise<void>;
  close(): void;
}

/** One server has every key. */
export class OneServer implements Topology {
  readonly nodes: readonly [RedisNode];
  private readonly checks: DoubtCheck[] = [];
  private wasUp = false;

  /** `find`: where it is now, asked before every connect. */
  constructor(context: NodeContext, find: () => Promise<HostPort>) {
    const keys = new RedisKeys(context.config.keyPrefix);
    const canary = keys.canary(randomId());
    const node: RedisNode = new RedisNode(context, {
      find,
      inCluster: false,
      canaryChannel: () => canary,
      onUprooted: () => node.link.lose('subscriptions ended by themselves'),
      onUp: () => this.up(),
      onDown: () => undefined,
    });
    this.nodes = [node];
  }

  nodeOf(): RedisNode {
    return this.nodes[0];
  }
  generationOf(): number {
    return 0;
  }
  /** A server that belongs to no cluster sends nobody elsewhere. */
  redirected(): null {
    return null;
  }
  onDoubt(check: DoubtCheck): void {
    this.checks.push(check);
  }
  start(): Promise<void> {
    return this.nodes[0].link.start();
  }
  close(): void {
    this.nodes[0].close();
  }

  private up(): void {
    if (this.wasUp) for (const check of this.checks) check(() => true);
    this.wasUp = true;
  }
}
