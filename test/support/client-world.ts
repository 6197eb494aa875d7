import { connect, type Client, type StreamName, type WireEvent } from '../../src/client/index.js';
import { ManualClock, settle } from './manual-clock.js';
import { ModelLocks, ModelPage, ModelStorage } from './model-page.js';
import { ModelService, type Admission, type ModelLink } from './model-service.js';

export type Step =
  | { readonly do: 'up' | 'down' | 'sync' | 'cut' | 'leave'; readonly link: number }
  | { readonly do: 'time'; readonly ms: number }
  | { readonly do: 'publish' | 'backend-publish' | 'toggle'; readonly stream: number }
  | { readonly do: 'save' | 'failover' | 'end-session' | 'migrate' | 'exchange' | 'outage' | 'reload' | 'crash' }
  | { readonly do: 'killed'; readonly writesAgo: number }
  | { readonly do: 'admission'; readonly admission: Admission };

export const STREAMS: readonly StreamName[] = ['channel:a', 'tenant'];

/** A client, pods and a network of which every step is chosen. */
export class ClientWorld {
  readonly service = new ModelService();
  readonly clock = new ManualClock();
  readonly events: WireEvent[] = [];
  client: Client;
  readonly #storage = new ModelStorage();
  readonly #locks = new ModelLocks();
  #page: ModelPage;
  /** Data of publishes by what became of their promise. */
  readonly acknowledged = new Map<string, number>();
  readonly rejected = new Map<string, string>();
  readonly lost: { readonly stream: StreamName; readonly ranges: readonly (readonly [number, number])[] }[] = [];
  readonly order: string[] = [];
  /** How much of `order` was there when each page began. */
  readonly #begun: number[] = [];
  /** Pages that had a session. */
  readonly #welcomed = new Set<number>();
  /** As pages were told, publishes of pages before that weren't kept. */
  notKept = 0;
  readonly #subscriptions = new Map<StreamName, ReturnType<Client['subscribe']>>();

  constructor(private readonly withReloads = false) {
    [this.#page, this.client] = this.#load();
    for (const name of STREAMS) this.toggle(name);
  }

  #load(): [ModelPage, Client] {
    const { clock, service } = this;
    this.#begun.push(this.order.length);
    const { webSocket } = service;
    const page = new ModelPage({ storage: this.#storage, locks: this.#locks, clock, webSocket });
    const client = page.load((parts) =>
      connect({
        url: 'ws://service.example',
        token: 'token',
        random: () => 0.5,
        observer: (event) => this.events.push(event),
        ...parts,
        ...(this.withReloads ? {} : { storage: null }),
      }),
    );
    client.on('lost', (lost) => this.lost.push(lost));
    client.on('error', ({ message }) => (this.notKept += Number(/^\d+(?= publishes)/.exec(message)?.[0] ?? 0)));
    const nth = this.#begun.length - 1;
    client.ready.then(
      () => this.#welcomed.add(nth),
      () => undefined,
    );
    return [page, client];
  }

  /** The page ends, noticed by its scripts or not, and the next one wants the same streams from where this one was. */
  #reload(how: 'reload' | 'crash'): void {
    if (how === 'reload') this.#page.hide();
    else this.#page.crash();
    [this.#page, this.client] = this.#load();
    for (const name of this.subscribed)
      this.#subscriptions.set(
        name,
        this.client.subscribe(name, () => undefined, { from: 'last' }),
      );
  }

  toggle(name: StreamName): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription) {
      subscription.close();
      this.#subscriptions.delete(name);
      this.events.push({ type: 'rejected', stream: name, seq: 0, code: 'unsubscribed' });
    } else
      this.#subscriptions.set(
        name,
        this.client.subscribe(name, () => undefined),
      );
  }

  get subscribed(): readonly StreamName[] {
    return [...this.#subscriptions.keys()];
  }
  position(name: StreamName): unknown {
    return this.#subscriptions.get(name)?.position;
  }

  /** What each page published, in order. */
  get pages(): readonly { readonly welcomed: boolean; readonly order: readonly string[] }[] {
    return this.#begun.map((from, page) => ({
      welcomed: this.#welcomed.has(page),
      order: this.order.slice(from, this.#begun[page + 1]),
    }));
  }

  publish(name: StreamName): void {
    const data = `${name} ${this.order.length}`;
    this.order.push(data);
    this.client.publish(name, data).then(
      ({ seq }) => this.acknowledged.set(data, seq),
      (error: unknown) => this.rejected.set(data, (error as { code: string }).code),
    );
  }

  async take(next: Step): Promise<void> {
    this.#take(next);
    await settle();
  }

  #take(next: Step): void {
    const { service } = this;
    switch (next.do) {
      case 'time':
        this.clock.advance(next.ms);
        break;
      case 'publish':
        this.publish(STREAMS[next.stream] ?? 'tenant');
        break;
      case 'backend-publish':
        service.publish(STREAMS[next.stream] ?? 'tenant', service.redis.history.size);
        break;
      case 'toggle':
        this.toggle(STREAMS[next.stream] ?? 'tenant');
        break;
      case 'save':
        service.redis.save();
        break;
      case 'failover':
        service.failover();
        break;
      case 'end-session':
        service.endSession();
        break;
      case 'exchange':
        this.#exchange();
        break;
      case 'reload':
      case 'crash':
        this.#reload(next.do);
        break;
      case 'killed':
        this.#page.crash();
        this.#storage.forget(next.writesAgo);
        // No browser starts in less.
        this.clock.advance(100);
        this.#reload('crash');
        break;
      case 'outage':
        service.redis.up = !service.redis.up;
        break;
      case 'migrate':
        this.#migrate();
        break;
      case 'admission':
        service.admission = next.admission;
        break;
      default: {
        const chosen = service.links.at(-1 - next.link);
        if (chosen) this.#onLink(next.do, chosen);
      }
    }
  }

  #onLink(what: 'up' | 'down' | 'sync' | 'cut' | 'leave', chosen: ModelLink): void {
    if (what === 'up') this.service.deliverUp(chosen);
    else if (what === 'down') chosen.deliverDown();
    else if (what === 'sync') exchangeOn(chosen, this.service);
    else if (what === 'cut') chosen.cut();
    else this.service.finishLeaving(chosen);
  }

  /** The pod of the newest open connection asks the client to leave, and the client opens another. */
  #migrate(): void {
    const current = this.service.links.findLast(({ state }) => state === 'open');
    if (current === undefined) return;
    this.service.migrate(current);
    while (current.down.length > 0) current.deliverDown();
    this.clock.advance(100);
  }

  /** Nothing fails any more, and everything under way arrives. */
  async calmDown(): Promise<void> {
    this.service.admission = 'take';
    this.service.redis.up = true;
    for (let quiet = 0, rounds = 0; quiet < 15 && rounds < 300; quiet += 1, rounds += 1) {
      if (this.#exchange() || this.client.state.kind !== 'connected') quiet = 0;
      this.clock.advance(1_000);
      await settle();
    }
  }

  /** Everything under way arrives. True if there was anything. */
  #exchange(): boolean {
    let busy = false;
    for (const each of this.service.links) {
      busy = exchangeOn(each, this.service) || busy;
      this.service.finishLeaving(each);
    }
    return busy;
  }
}

/** True if anything was under way on this connection. */
function exchangeOn(link: ModelLink, service: ModelService): boolean {
  const busy = link.state === 'connecting' || link.up.length > 0 || link.down.length > 0;
  if (link.state === 'connecting') service.deliverUp(link);
  while (link.up.length > 0) service.deliverUp(link);
  while (link.down.length > 0) link.deliverDown();
  return busy;
}
