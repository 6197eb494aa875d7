import type { Json, ResetReason } from '../protocol/frames.js';
import type { EntryId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { ClientError } from './client-error.js';
import { Emitter } from './emitter.js';
import { MessageBuffer } from './message-buffer.js';

export interface Message {
  readonly stream: StreamName;
  /** 1, 2, 3 … within the stream. */
  readonly offset: number;
  /** Unique for ever. */
  readonly id: string;
  readonly data: Json;
}

/** What was missed is gone: the application must load its state again. Messages go on from `position`. */
export interface Reset {
  readonly stream: StreamName;
  readonly reason: ResetReason;
  readonly position: Position;
}

export interface SubscriptionEvents {
  readonly reset: Reset;
  /** The service ended it (a grant is gone, say); no message follows. */
  readonly ended: ClientError;
}

export type MessageHandler = (message: Message) => void;

/** What a subscription needs from its client. */
export interface SubscriptionOwner {
  /** The application was given a message. */
  handedOver(): void;
  unsubscribe(subscription: Subscription): void;
  /** A consumer that had fallen behind can take more. */
  drained(subscription: Subscription): void;
  callbackThrew(error: unknown): void;
}

/**
 * One use of a stream. Messages come to the handler in order, without gap or repeat, or, without a handler, to one
 * `for await` over the subscription. One that falls behind by `capacity` messages holds the stream up, for the other
 * subscriptions to it as well; what comes meanwhile is read from the log later, as long as the window reaches back.
 */
export class Subscription implements AsyncIterable<Message> {
  /** The position from which it is live; rejects with ClientError if it ends before that. */
  readonly ready: Promise<Position>;
  readonly #buffer: MessageBuffer<Message>;
  readonly #events: Emitter<SubscriptionEvents>;
  readonly #settle: { readonly resolve: (position: Position) => void; readonly reject: (error: Error) => void };
  #position: Position | null = null;
  #open = true;

  constructor(
    readonly stream: StreamName,
    private readonly owner: SubscriptionOwner,
    private readonly handler: MessageHandler | null,
    capacity: number,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Position>();
    this.ready = promise;
    this.ready.catch(() => undefined);
    this.#settle = { resolve, reject };
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

  /** Of the last message handed over, or from where the next comes; null while that isn't known. */
  get position(): Position | null {
    return this.#position;
  }

  on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** No message follows; a `for await` ends after what it has. */
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

  /** For the client. False if nothing should follow before `drained`. */
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

  /** For the client. */
  becameReady(position: Position): void {
    if (this.#buffer.empty) this.#position = position;
    this.#settle.resolve(position);
  }

  /** For the client. */
  reset(reset: Reset): void {
    if (!this.#open) return;
    this.#position = reset.position;
    this.#events.emit('reset', reset);
  }

  /** For the client. */
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
