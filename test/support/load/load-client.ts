import {
  connect,
  ClientError,
  type Client,
  type Message,
  type StreamName,
  type WireEvent,
} from '../../../src/client/index.js';
import { isErrorName } from '../../../src/protocol/error-codes.js';
import { streamOf, type NumberedMessage } from '../judge/records.js';
import type { LoadOptions } from './load-messages.js';
import type { Notes } from './record-log.js';
import { Eavesdropper } from './eavesdropper.js';

export interface LoadClientOptions extends Pick<LoadOptions, 'url' | 'tenant' | 'roomSize' | 'backoff'> {
  readonly token: (user: string) => Promise<string>;
  /** Where the SDK keeps what a reload of the page goes on with; without it nothing is kept. */
  readonly storageKey?: string;
  /** What the same application remembers of before its page was loaded again: it isn't another one then. */
  readonly before?: LoadMemory;
}

/** How many messages the application has published to each of its streams. */
export type LoadMemory = readonly (readonly [StreamName, number])[];

/**
 * One application with one session: it subscribes to everything it may, publishes numbered messages and takes notes. It
 * runs in browsers, too.
 */
export class LoadClient {
  readonly user: string;
  readonly ears = new Eavesdropper();
  received = 0;
  acknowledged = 0;
  inFlight = 0;
  welcomes = 0;
  /** Of the newest welcome. */
  attempt = 0;
  ready = 0;
  private readonly client: Client;
  private readonly streams: readonly StreamName[];
  private readonly numbers: Map<StreamName, number>;
  private readonly attempts = new Map<number, number>();
  private readonly acknowledgedBySeq = new Map<string, string>();
  private session = '';
  /** Of the connection that the message now being delivered came over. */
  private deliveringAttempt = 0;
  private turn = 0;

  constructor(
    readonly who: string,
    index: number,
    private readonly options: LoadClientOptions,
    private readonly log: Notes,
  ) {
    this.user = userOf(index);
    const room = `channel:${roomOf(index, options.roomSize)}` as const;
    this.streams = ['session', 'user', 'tenant', `channel:own-of-${who}`, room];
    this.numbers = new Map(options.before);
    if (options.before === undefined) log.note(who, { kind: 'started', tenant: options.tenant });
    this.client = this.connect();
    for (const stream of this.streams) this.subscribe(stream);
  }

  get state(): Client['state'] {
    return this.client.state;
  }
  get subscribed(): boolean {
    return this.ready === this.streams.length;
  }
  get sessionId(): string {
    return this.session;
  }
  get memory(): LoadMemory {
    return [...this.numbers];
  }

  /** One more message, to the own channel and to the room in turn. */
  publish(): void {
    const stream = this.streams[3 + (this.turn++ % 2)];
    if (stream === undefined) return;
    const seq = (this.numbers.get(stream) ?? 0) + 1;
    this.numbers.set(stream, seq);
    const uid = `${this.who}>${stream}>${seq}`;
    const message = { tenant: this.options.tenant, publisher: this.who, seq, uid, sentAtUs: this.log.nowUs() };
    this.inFlight += 1;
    this.log.note(this.who, { kind: 'send', stream: this.nameOf(stream), uid });
    void this.client
      .publish(stream, message)
      .then(
        (published) => {
          this.acknowledged += 1;
          this.acknowledgedBySeq.set(`${stream} ${published.seq}`, uid);
          this.log.note(this.who, { kind: 'acknowledged', uid });
        },
        (error: unknown) => {
          this.noteRejection(uid, error);
        },
      )
      .finally(() => (this.inFlight -= 1));
  }

  /** Writes down how it is, now that all is quiet. */
  lastWord(): void {
    const connected = this.state.kind === 'connected' || this.state.kind === 'moving';
    this.log.note(this.who, { kind: 'ended', connected, unsettled: this.inFlight });
  }

  /** Writes the last word down and ends the session. */
  async finish(): Promise<void> {
    this.lastWord();
    await this.client.close();
  }

  private connect(): Client {
    const { url, token, backoff, storageKey } = this.options;
    const client = connect({
      url,
      token: () => token(this.user),
      allowedOrigins: 'same-host',
      webSocket: this.ears.factory,
      observer: (event) => {
        this.observe(event);
      },
      ...(backoff && { backoff }),
      ...(storageKey === undefined ? { storage: null } : { storageKey }),
    });
    client.on('lost', ({ stream, ranges }) => {
      for (const [from, to] of ranges) {
        for (let seq = from; seq <= to; seq += 1) this.noteLost(stream, seq);
      }
    });
    client.on('error', (error) => {
      console.error(`${this.who}: ${error.code}: ${error.message}`, error.cause);
    });
    return client;
  }

  private subscribe(stream: StreamName): void {
    const receive = (message: Message) => {
      this.receive(message);
    };
    const subscription = this.client.subscribe(stream, receive, { from: 'last' });
    subscription.on('reset', ({ reason }) => {
      this.log.note(this.who, { kind: 'reset', stream: this.nameOf(stream), reason });
    });
    subscription.on('ended', (error) => {
      if (error.code === 'closed') return;
      console.error(`${this.who}: ${stream} ended: ${error.code}: ${error.message}`);
    });
    void subscription.ready.then(
      () => {
        this.ready += 1;
        this.log.note(this.who, { kind: 'subscribed', stream: this.nameOf(stream) });
      },
      () => undefined,
    );
  }

  private receive({ stream, offset, id, data }: Message): void {
    this.received += 1;
    const message = data as unknown as NumberedMessage;
    const attempt = this.deliveringAttempt;
    this.log.note(this.who, { kind: 'receive', stream: this.nameOf(stream), offset, id, attempt, message });
  }

  private observe(event: WireEvent): void {
    switch (event.type) {
      case 'opened': {
        const { attempt, url } = event;
        this.attempts.set(event.connection, attempt);
        this.log.note(this.who, { kind: 'connect', attempt, url });
        return;
      }
      case 'welcome': {
        const { attempt, session, resumed, pod, revision } = event;
        this.session = session;
        this.attempt = attempt;
        this.welcomes += 1;
        this.log.note(this.who, { kind: 'welcome', attempt, session, resumed, pod, revision });
        return;
      }
      case 'closed': {
        const { attempt, code, reason } = event;
        this.log.note(this.who, { kind: 'close', attempt, code, reason });
        return;
      }
      case 'message':
        this.deliveringAttempt = this.attempts.get(event.connection) ?? 0;
        return;
      default:
    }
  }

  private noteRejection(uid: string, error: unknown): void {
    const code = error instanceof ClientError ? error.code : String(error);
    // What was refused by the service, or never left, isn't in the log; of everything else nobody knows.
    const refused = isErrorName(code) || code === 'too-many-unsettled' || code === 'closed';
    this.log.note(this.who, refused ? { kind: 'refused', uid, code } : { kind: 'unknown', uid });
  }

  private noteLost(stream: StreamName, seq: number): void {
    const uid = this.acknowledgedBySeq.get(`${stream} ${seq}`);
    if (uid !== undefined) this.log.note(this.who, { kind: 'lost-by-redis', uid });
  }

  private nameOf(stream: StreamName): string {
    return streamOf({ tenant: this.options.tenant, user: this.user, session: this.session }, stream);
  }
}

// Users and rooms have the same names in every process: they are shared within a tenant, and only there.
const userOf = (index: number): string => `user-${Math.floor(index / 2)}`;
const roomOf = (index: number, size: number): string => `room-${Math.floor(index / size)}`;
