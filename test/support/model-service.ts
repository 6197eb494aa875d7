import type { WebSocketFactory, WebSocketLike } from '../../src/client/index.js';
import { encodeFrame, parseClientFrame } from '../../src/protocol/codec.js';
import type { ClientFrame, HelloFrame, Json, PublishFrame, ServerFrame } from '../../src/protocol/frames.js';
import { asSessionId } from '../../src/protocol/ids.js';
import type { Position } from '../../src/protocol/position.js';
import type { StreamName } from '../../src/protocol/stream-name.js';
import { ModelRedis, type Entry, type Owner } from './model-redis.js';

type Down = { readonly frame: ServerFrame } | { readonly code: number; readonly reason: string };
type Listener = (event: never) => void;

/** What a pod does with a `hello`. */
export type Admission = 'take' | 'elsewhere' | 'busy' | 'silent';

/** One connection: a socket for the client, and the pod's side of it. Nothing travels until it is told to. */
export class ModelLink implements WebSocketLike {
  readonly up: ClientFrame[] = [];
  readonly down: Down[] = [];
  state: 'connecting' | 'hello' | 'open' | 'leaving' | 'closed' = 'connecting';
  attempt = 0;
  /** The attempt that was heard to own the session, once it is a higher one. */
  winner = 0;
  session = '';
  publisher = '';
  readonly positions = new Map<StreamName, Position>();
  /** The client's side: closed sockets say nothing more. */
  clientOpen = true;
  readonly #listeners: { readonly type: string; readonly listener: Listener }[] = [];

  constructor(
    readonly number: number,
    private readonly onClientClose: (link: ModelLink) => void,
  ) {}

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push({ type, listener });
  }
  send(text: string): void {
    if (this.clientOpen) this.up.push(parseClientFrame(text));
  }
  close(): void {
    this.clientOpen = false;
    this.onClientClose(this);
  }

  push(...frames: readonly ServerFrame[]): void {
    if (this.state !== 'closed') this.down.push(...frames.map((frame) => ({ frame })));
  }
  end(code: number, reason = ''): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.down.push({ code, reason });
  }

  /** The next thing under way arrives at the client. */
  deliverDown(): void {
    const next = this.down.shift();
    if (next === undefined || !this.clientOpen) return;
    if ('frame' in next) this.#emit('message', { data: encodeFrame(next.frame) });
    else this.#closedForClient(next.code, next.reason);
  }
  opened(): void {
    this.state = 'hello';
    if (this.clientOpen) this.#emit('open', {});
  }
  /** The network breaks: what was under way to the client is gone, what it sent may still arrive. */
  cut(): void {
    this.down.length = 0;
    if (this.clientOpen) this.#closedForClient(1006, '');
  }

  #closedForClient(code: number, reason: string): void {
    this.clientOpen = false;
    this.#emit('close', { code, reason });
  }
  #emit(type: string, event: object): void {
    for (const entry of this.#listeners) if (entry.type === type) (entry.listener as (event: object) => void)(event);
  }
}

/** Pods that follow docs/protocol.md, as one object over a model of Redis. Every step is taken from outside. */
export class ModelService {
  readonly redis = new ModelRedis();
  readonly links: ModelLink[] = [];
  admission: Admission = 'take';

  readonly webSocket: WebSocketFactory = () => {
    const link = new ModelLink(this.links.length + 1, (closed) => {
      closed.state = 'closed';
    });
    this.links.push(link);
    return link;
  };

  get open(): readonly ModelLink[] {
    return this.links.filter(({ state }) => state === 'open' || state === 'leaving');
  }

  /** The next frame that the client has sent on this link arrives. */
  deliverUp(link: ModelLink): void {
    if (link.state === 'connecting') {
      link.opened();
      return;
    }
    const frame = link.up.shift();
    if (frame === undefined) return;
    if (frame.type === 'hello') this.#hello(link, frame);
    else if (frame.type === 'publish') this.#publish(link, frame);
    else if (frame.type === 'subscribe' && link.state === 'open')
      this.#subscribe(link, frame.stream, frame.position ?? null);
    else if (frame.type === 'unsubscribe' && link.state === 'open') {
      link.positions.delete(frame.stream);
      link.push({ type: 'unsubscribed', stream: frame.stream });
    }
  }

  publish(stream: StreamName, data: Json): void {
    const { entry } = this.redis.append(stream, `backend-${JSON.stringify(data)}`, 1, 0, data) as { entry: Entry };
    this.#fanOut(stream, entry);
  }

  migrate(link: ModelLink): void {
    if (link.state === 'open')
      link.push({ type: 'migrate', reason: 'drain', withinMs: 100, deadlineMs: 20_000, endpoints: [] });
  }

  /** The session of the newest connection is ended from outside. */
  endSession(): void {
    const session = this.links.findLast((link) => link.session !== '')?.session ?? '';
    this.redis.end(session);
    for (const link of this.open) if (link.session === session) link.end(4010);
  }

  /** Redis goes back to what was saved. Pods find out: every row is claimed again, every position read again, then `probe`. */
  failover(): void {
    if (!this.redis.rewind()) return;
    this.redis.up = true;
    for (const link of this.links) if (!link.clientOpen) link.up.length = 0;
    for (const link of this.open) this.#claimAgain(link);
    for (const link of this.open) {
      for (const [stream, position] of [...link.positions]) this.#checkPosition(link, stream, position);
      if (link.state === 'open') link.push({ type: 'probe', withinMs: 100 });
    }
  }

  #claimAgain(link: ModelLink): void {
    const owner = this.redis.claim(link.session, link.attempt, link.number);
    if (owner === null) link.end(4010);
    else this.#supersede(link.session, owner);
  }

  #hello(link: ModelLink, hello: HelloFrame): void {
    if (link.state !== 'hello' || this.admission === 'silent') return;
    if (this.admission === 'busy' || !this.redis.up) {
      link.push({ type: 'busy', retryAfterMs: 300 });
      link.end(1013);
    } else if (this.admission === 'elsewhere' && hello.hops < 2) {
      link.push({ type: 'migrate', reason: 'rebalance', withinMs: 0, deadlineMs: 5_000, endpoints: [] });
    } else this.#claim(link, hello);
  }

  #claim(link: ModelLink, hello: HelloFrame): void {
    link.attempt = hello.attempt;
    link.publisher = hello.publisher ?? '';
    link.session = hello.session ?? this.redis.create(link.number);
    const owner = this.redis.claim(link.session, hello.attempt, link.number);
    if (owner === null) link.end(4010);
    else if (owner.connection !== link.number) link.end(4500, String(owner.attempt));
    else {
      this.#supersede(link.session, owner);
      link.state = 'open';
      this.#welcome(link, hello);
    }
  }

  #welcome(link: ModelLink, hello: HelloFrame): void {
    link.push({
      type: 'welcome',
      session: asSessionId(link.session),
      resume: 'resume',
      resumed: hello.session !== undefined,
      window: { seconds: 600, messages: 1_000, bytes: 1_048_576 },
      pingSeconds: 1_000_000,
      pod: `pod-${this.links.indexOf(link)}`,
      revision: 'r',
    });
    for (const [stream, position] of Object.entries(hello.streams))
      this.#subscribe(link, stream as StreamName, position as Position | null);
  }

  #supersede(session: string, owner: Owner): void {
    for (const other of this.open) {
      if (other.session !== session || other.number === owner.connection) continue;
      other.state = 'leaving';
      other.winner = Math.max(other.winner, owner.attempt);
    }
  }

  /** A superseded connection has delivered for its moment. */
  finishLeaving(link: ModelLink): void {
    if (link.state === 'leaving') link.end(4500, String(link.winner));
  }

  #publish(link: ModelLink, { stream, seq, after, data }: PublishFrame): void {
    // A pod goes on with what it has read, although the socket has closed.
    if (link.state !== 'open' && (link.state !== 'closed' || link.session === '')) return;
    if (!this.redis.up) {
      link.push({ type: 'error', code: 'unavailable', message: 'no Redis', stream, seq, retryAfterMs: 100 });
      return;
    }
    const result = this.redis.append(stream, `${link.session}/${link.publisher}`, seq, after, data);
    if (result.kind === 'gap') link.push({ type: 'gap', stream, seq, last: result.last });
    else {
      link.push({ type: 'ack', stream, seq, ...(result.jumps.length === 0 ? {} : { jumps: result.jumps }) });
      if (result.entry) this.#fanOut(stream, result.entry);
    }
  }

  #subscribe(link: ModelLink, stream: StreamName, from: Position | null): void {
    if (!this.redis.up) {
      link.positions.delete(stream);
      link.push({ type: 'error', code: 'unavailable', message: 'no Redis', stream, retryAfterMs: 100 });
      return;
    }
    const recovery = this.redis.recover(stream, from);
    const { position } = recovery;
    link.positions.set(stream, position);
    if (recovery.kind === 'reset') link.push({ type: 'reset', stream, reason: recovery.reason, position });
    else for (const entry of recovery.entries) link.push({ type: 'message', stream, ...entry });
    link.push({ type: 'subscribed', stream, position });
  }

  #checkPosition(link: ModelLink, stream: StreamName, position: Position): void {
    if (this.redis.recover(stream, position).kind === 'reset') this.#subscribe(link, stream, position);
  }

  #fanOut(stream: StreamName, entry: Entry): void {
    for (const link of this.open) {
      if (!link.positions.has(stream)) continue;
      link.positions.set(stream, { offset: entry.offset, id: entry.id });
      link.push({ type: 'message', stream, ...entry });
    }
  }
}
