import type { HostPort } from '../config/redis-config.js';
import { randomId } from '../lib/random-id.js';
import { addressOf, changesOf, type SlotChange, type SlotMap, type SlotOwner } from './cluster-map.js';
import { ClusterScout } from './cluster-scout.js';
import { SLOTS, slotOf } from './key-slot.js';
import { RedisKeys } from './keys.js';
import { RedisNode, type NodeContext } from './redis-node.js';
import type { DoubtCheck } from './redis-ports.js';
import { RefreshPace } from './refresh-pace.js';
import type { Topology } from './topology.js';

/** A master, as long as it has slots. */
interface Seat {
  readonly place: HostPort;
  readonly node: RedisNode;
  slots: number;
  /** Somebody was sent there: it may be about to get its first slot. */
  neededUntilMs: number;
  /** When its connections were lost; null while they are there. */
  downSinceMs: number | null;
}

/** At one time: whoever answers first is as good as the others, and one of them may be the one that hangs. */
const ASKED_AT_ONCE = 3;
const NEEDED_MS = 10_000;
/** After this long without its owner, a slot may be in a cluster that was made anew, with epochs from the beginning. */
const GONE_MS = 60_000;
/** A node with one slot of all is found in this many random names, but for one time in e^8. */
const CANARY_NAMES = 8 * SLOTS;

/**
 * Redis Cluster as single nodes with a map of slots (decision 9). A node whose connections are lost is in doubt with all
 * that it has, as a single Redis is; a slot that moves is in doubt alone, and no connection is closed for it.
 */
export class ClusterTopology implements Topology {
  private readonly seats = new Map<string, Seat>();
  private readonly owners = new Map<number, SlotOwner>();
  private readonly generations = new Uint32Array(SLOTS);
  /** Their subscriptions ended, or were refused: to be made again where the next answer says. */
  private readonly uprooted = new Set<number>();
  private readonly checks: DoubtCheck[] = [];
  private readonly scout: ClusterScout;
  private readonly pace: RefreshPace;
  private readonly keys: RedisKeys;
  /** Whom a node has named, which therefore knows best. */
  private named: HostPort | null = null;
  private started = false;
  private closed = false;
  private failures = 0;

  constructor(
    private readonly context: NodeContext,
    private readonly seeds: readonly HostPort[],
  ) {
    this.scout = new ClusterScout(context.config, context.clock);
    this.keys = new RedisKeys(context.config.keyPrefix);
    this.pace = new RefreshPace(() => this.refresh(), context.clock);
  }

  nodeOf(key: string): RedisNode | null {
    return this.seatOf(slotOf(key))?.node ?? null;
  }
  generationOf(key: string): number {
    return this.generations[slotOf(key)] ?? 0;
  }
  get nodes(): readonly RedisNode[] {
    return [...this.seats.values()].flatMap(({ node, slots }) => (slots > 0 ? [node] : []));
  }
  onDoubt(check: DoubtCheck): void {
    this.checks.push(check);
  }

  redirected(to: HostPort, from: RedisNode): RedisNode | null {
    const place = to.host === '' ? { host: from.link.place?.host ?? '', port: to.port } : to;
    this.named = place;
    this.pace.soon();
    const seat = this.seats.get(addressOf(place)) ?? this.open(place);
    seat.neededUntilMs = this.context.clock.monotonic() + NEEDED_MS;
    return seat.node.link.current ? seat.node : null;
  }

  async start(): Promise<void> {
    await this.pace.now();
    await Promise.all([...this.seats.values()].map(({ node }) => node.link.firstTry));
    this.started = true;
  }

  close(): void {
    this.closed = true;
    this.pace.close();
    for (const { node } of this.seats.values()) node.close();
  }

  private seatOf(slot: number): Seat | undefined {
    const owner = this.owners.get(slot);
    return owner && this.seats.get(owner.address);
  }

  private async refresh(): Promise<boolean> {
    try {
      await this.askAny(this.candidates());
    } catch (error) {
      if (this.failures % 10 === 0 && !this.closed) this.context.logger.warn('redis.cluster-unreachable', { error });
      this.failures += 1;
      return false;
    }
    this.failures = 0;
    return this.uprooted.size === 0 && this.nodes.every(({ link }) => link.current !== null);
  }

  private async askAny(places: readonly HostPort[]): Promise<void> {
    await Promise.any(
      places.map(async (place) => {
        const open = this.seats.get(addressOf(place))?.node.link.current?.commands ?? null;
        this.learn(await this.scout.ask(place, open));
      }),
    );
  }

  /**
   * A master that was replaced while it was paused, and has just resumed, still believes in itself: the others say whether
   * it has slots. Rejects if it has none; not if nobody else is there to be asked.
   */
  private async confirm(seat: Seat): Promise<void> {
    const others = this.candidates().filter((place) => addressOf(place) !== addressOf(seat.place));
    await this.askAny(others).catch(() => undefined);
    const isNeeded = seat.neededUntilMs > this.context.clock.monotonic();
    if (seat.slots === 0 && !isNeeded) throw new Error('this node has no slots any more');
  }

  /** Who has been named, those that are up, and only without any of them whoever else was ever heard of. */
  private candidates(): readonly HostPort[] {
    const up = [...this.seats.values()].filter(({ node }) => node.link.current).map(({ place }) => place);
    const others = up.length > 1 ? [] : [...this.seats.values()].map(({ place }) => place).concat(this.seeds);
    const wanted = [...(this.named ? [this.named] : []), ...shuffled(up), ...shuffled(others)];
    this.named = null;
    return [...new Map(wanted.map((place) => [addressOf(place), place])).values()].slice(0, ASKED_AT_ONCE);
  }

  private learn(told: SlotMap): void {
    if (this.closed) return;
    const changes = changesOf(this.owners, told, (owner) => this.isGone(owner));
    for (const [slot, owner] of told) {
      const known = this.owners.get(slot);
      if (known?.address === owner.address && owner.epoch > known.epoch) this.owners.set(slot, owner);
    }
    for (const { slot } of changes) this.uprooted.delete(slot);
    const again = [...this.uprooted].flatMap((slot): readonly SlotChange[] => {
      const owner = this.owners.get(slot);
      return owner ? [{ slot, owner }] : [];
    });
    this.uprooted.clear();
    if (changes.length + again.length > 0) this.move([...changes, ...again]);
    this.leaveEmpty();
    for (const [address, { node }] of this.seats)
      node.canary.move((channel) => this.addressOfSlot(slotOf(channel)) === address);
  }

  private addressOfSlot(slot: number): string | null {
    return this.owners.get(slot)?.address ?? null;
  }

  private isGone({ address }: SlotOwner): boolean {
    const since = this.seats.get(address)?.downSinceMs ?? null;
    return since !== null && this.context.clock.monotonic() - since > GONE_MS;
  }

  /** Takes slots with their subscriptions to their owners; what depends on them is checked once those are confirmed. */
  private move(changes: readonly SlotChange[]): void {
    const moving = new Set(changes.map(({ slot }) => slot));
    const channels = [...this.seats.values()].flatMap(({ node }) => node.subscriptions.release(moving));
    for (const { slot, owner } of changes) {
      this.generations[slot] = (this.generations[slot] ?? 0) + 1;
      this.owners.set(slot, owner);
    }
    this.countSlots();
    for (const [address, group] of Map.groupBy(changes, ({ owner }) => owner.address)) {
      const slots = new Set(group.map(({ slot }) => slot));
      const { node } = this.seats.get(address) ?? this.open((group[0] as SlotChange).owner.place);
      const adopted = node.subscriptions.adopt(channels.filter(({ slot }) => slots.has(slot)));
      this.checkAfter(adopted, node, slots);
    }
    this.countSlots();
    if (this.started) this.context.logger.info('redis.slots-moved', { slots: changes.length });
  }

  private checkAfter(adopted: Promise<void>, node: RedisNode, slots: ReadonlySet<number>): void {
    adopted.then(
      () => {
        // Otherwise everything at that node is checked when it is up.
        if (node.link.current) this.doubt((key) => slots.has(slotOf(key)));
      },
      // Its connections have been given up: the same.
      () => undefined,
    );
  }

  private doubt(concerns: (key: string) => boolean): void {
    for (const check of this.checks) check(concerns);
  }

  private countSlots(): void {
    for (const seat of this.seats.values()) seat.slots = 0;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const seat = this.seatOf(slot);
      if (seat) seat.slots += 1;
    }
  }

  private leaveEmpty(): void {
    const now = this.context.clock.monotonic();
    for (const [address, { node, slots, neededUntilMs }] of this.seats) {
      if (slots > 0 || neededUntilMs > now) continue;
      this.seats.delete(address);
      node.close();
    }
  }

  private open(place: HostPort): Seat {
    const address = addressOf(place);
    const isOwn = (key: string) => this.addressOfSlot(slotOf(key)) === address;
    let checksAtUp = this.started;
    const node = new RedisNode(this.context, {
      find: () => Promise.resolve(place),
      inCluster: true,
      canaryChannel: () => this.newCanary(seat),
      onUprooted: (channels) => {
        for (const channel of channels) {
          const slot = slotOf(channel);
          this.generations[slot] = (this.generations[slot] ?? 0) + 1;
          this.uprooted.add(slot);
        }
        this.pace.soon();
      },
      onUp: () => {
        seat.downSinceMs = null;
        if (checksAtUp) this.doubt(isOwn);
        checksAtUp = true;
      },
      onDown: () => {
        seat.downSinceMs = this.context.clock.monotonic();
        this.pace.soon();
      },
    });
    // Until it has said what time it is: nobody's clock is nearer to it than that of another node.
    const [known] = this.nodes;
    if (known) node.clock.observe(known.clock.timeMs());
    const seat: Seat = { place, node, slots: 0, neededUntilMs: 0, downSinceMs: this.context.clock.monotonic() };
    this.seats.set(address, seat);
    node.link.prepare(() => (checksAtUp ? this.confirm(seat) : Promise.resolve()));
    void node.link.start();
    return seat;
  }

  /** null for a node without slots. */
  private newCanary(seat: Seat): string | null {
    if (seat.slots === 0) return null;
    for (let tries = 0; tries < CANARY_NAMES; tries += 1) {
      const name = this.keys.canary(randomId());
      if (this.seatOf(slotOf(name)) === seat) return name;
    }
    return null;
  }
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
