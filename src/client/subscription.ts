import type { Json, ResetReason } from '../protocol/frames.js';
import type { EntryId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { ClientError } from './client-error.js';
import { Emitter } from './emitter.js';
import { MessageBuffer } from './message-buffer.js';

/** One entry of a stream, as the application is given it. */
export interface Message<Data = Json> {
  /** The stream, as it was subscribed to. */
  readonly stream: StreamName;
  /** 1, 2, 3 … within the stream. */
  readonly offset: number;
  /** Unique for ever. */
  readonly id: string;
  /** What was published. Its type is the application's word for it: nothing is checked. */
  readonly data: Data;
}

/** The type of a stream's data, from the types given to `connect`; any JSON for a stream that they don't name. */
export type DataOf<Streams, Name extends StreamName> = Name extends keyof Streams ? Streams[Name] : Json;

/** What was missed is gone: the application must load its state again. Messages go on from `position`. */
export interface Reset {
  /** Of this stream. */
  readonly stream: StreamName;
  /** For people: `trimmed` is an absence longer than the window, the others are a loss of Redis. */
  readonly reason: ResetReason;
  /** Where the stream goes on. */
  readonly position: Position;
}

/** What happens to a subscription besides its messages. */
export interface SubscriptionEvents {
  /** Messages of its stream were missed for good. */
  readonly reset: Reset;
  /** The service ended it (a grant is gone, say); no message follows. */
  readonly ended: ClientError;
}

/** Called once for each message, in order. What it throws is an `error` event, and the next message comes all the same. */
export type MessageHandler<Data = Json> = (message: Message<Data>) => void;

/** What a subscription needs from its client. */
export interface SubscriptionOwner {
  /** The application was given a message. */
  handedOver(): void;
  unsubscribe(subscription: OpenSubscription): void;
  /** A consumer that had fallen behind can take more. */
  drained(subscription: OpenSubscription): void;
  callbackThrew(error: unknown): void;
}

/**
 * One use of a stream. Messages come to the handler in order, without gap or repeat, or, without a handler, to one
 * `for await` over the subscription. One that falls behind by `capacity` messages holds the stream up, for the other
 * subscriptions to it as well; what comes meanwhile is read from the log later, as long as the window reaches back.
 */
export interface Subscription<Data = Json> extends AsyncIterable<Message<Data>> {
  /** The stream, as it was subscribed to. */
  readonly stream: StreamName;
  /** The position from which it is live; rejects with ClientError if it ends before that. */
  readonly ready: Promise<Position>;
  /** Of the last message handed over, or from where the next comes; null while that isn't known. */
  readonly position: Position | null;
  /** Returns the function that removes the listener. */
  on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents[Name]) => void,
  ): () => void;
  /** No message follows; a `for await` ends after what it has. */
  close(): void;
}

/** A subscription with its client's side. */
export class OpenSubscription implements Subscription {
  readonly #settle = Promise.withResolvers<Position>();
  readonly ready = this.#settle.promise;
  readonly #buffer: MessageBuffer<Message>;
  readonly #events: Emitter<SubscriptionEvents>;
  #position: Position | null = null;
  #open = true;

  constructor(
    readonly stream: StreamName,
    private readonly owner: SubscriptionOwner,
    private readonly handler: MessageHandler | null,
    capacity: number,
  ) {
    this.ready.catch(() => undefined);
    this.#events = new Emitter((error) => {
      owner.callbackThrew(error);
    });
    this.#buffer = new MessageBuffer(capacity, {
      taken: (message) => {
        this.#handedOver(message);
      },
      drained: () => {
        owner.drained(this);
      },
      returned: () => {
        this.close();
      },
    });
  }

  get position(): Position | null {
    return this.#position;
  }

  on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#buffer.end(null);
    this.#settle.reject(new ClientError('closed', 'the subscription was closed'));
    this.owner.unsubscribe(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.#buffer;
  }

  /** False if nothing should follow before `drained`. */
  deliver(message: Message): boolean {
    if (!this.#open) return true;
    if (this.handler === null) return this.#buffer.push(message);
    try {
      this.handler(message);
    } catch (error) {
      this.owner.callbackThrew(error);
    }
    this.#handedOver(message);
    return true;
  }

  becameReady(position: Position): void {
    if (this.#buffer.empty) this.#position = position;
    this.#settle.resolve(position);
  }

  reset(reset: Reset): void {
    if (!this.#open) return;
    this.#position = reset.position;
    this.#events.emit('reset', reset);
  }

  end(error: ClientError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#buffer.end(error);
    this.#settle.reject(error);
    this.#events.emit('ended', error);
  }

  #handedOver({ offset, id }: Message): void {
    this.#position = { offset, id: id as EntryId };
    this.owner.handedOver();
  }
}
