import { MAX_DATA_BYTES } from '../protocol/bounds.js';
import { brokenBound } from '../protocol/codec.js';
import type { ServerFrame } from '../protocol/frames.js';
import type { PublisherId } from '../protocol/ids.js';
import { isStreamName, type StreamName } from '../protocol/stream-name.js';
import { badName, ClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import type { Kept, KeptPublishes } from './kept.js';
import { OBSERVED } from './observer.js';
import type { PublishEffect } from './publish-state.js';
import { Publishing, type Abandoned } from './publishing.js';
import { randomName } from './random-name.js';
import { retryDelayMs } from './retry-delay.js';
import type { SequenceRange } from './sequence-ranges.js';
import { Timers } from './timers.js';

/** The publish is in the log. `seq` counts this client's publishes on the stream, marks included. */
export interface Published {
  /** 1, 2, 3 … on this stream, as a `lost` event would name it; after a reload it goes on at a much higher number. */
  readonly seq: number;
}

/** Messages that were acknowledged and that Redis has lost since: ranges of `seq`, both ends included. */
export interface Lost {
  /** Of this stream. */
  readonly stream: StreamName;
  /** As `Published.seq` counts. */
  readonly ranges: readonly SequenceRange[];
}

export interface PublishDriverPort {
  send(connection: number, text: string): void;
  lost(lost: Lost): void;
  /** Something of an earlier page, whose promise is gone with it, was not published. */
  readonly failed: (error: ClientError) => void;
  /** Something that a later page should know. */
  changed(): void;
}

/** Of unsettled data, for the next page; more is a matter of seconds on a good line, and would be written at each publish. */
const MOST_KEPT_CHARACTERS = 262_144;

interface Ticket {
  readonly resolve: (published: Published) => void;
  readonly reject: (error: ClientError) => void;
}

/** The application's publishes until each is settled, and the timers of their retries. */
export class PublishDriver {
  readonly #timers: Timers;
  #publishing = new Publishing<Ticket>();
  #publisher = randomName();
  #stopped: ClientError | null = null;
  /** Until its session has taken this page: what is published meanwhile may become another's, and isn't kept with it. */
  #restored: KeptPublishes | null = null;
  #roundTripMs: number | null = null;
  /** One publish at a time is measured, from its first sending. */
  #measured: { readonly stream: StreamName; readonly seq: number; readonly atMs: number } | null = null;

  constructor(
    private readonly settings: ClientSettings,
    private readonly port: PublishDriverPort,
  ) {
    this.#timers = new Timers(settings.clock);
  }

  get publisher(): PublisherId {
    return this.#publisher;
  }

  get unsettled(): number {
    return this.#publishing.unsettled;
  }

  /** From the sending of a publish to its answer, smoothed. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  get kept(): KeptPublishes {
    return this.#restored ?? { publisher: this.#publisher, queues: this.#publishing.kept(MOST_KEPT_CHARACTERS) };
  }

  /**
   * Before anything was sent: another page's publisher goes on, and what was published since is numbered after it. What
   * belongs to no session isn't sent: the next user of the tab would be its author.
   */
  restore({ session, publishes, unsettled }: Kept): void {
    const left = this.#publishing.abandon();
    this.#publishing = new Publishing();
    if (session && publishes) {
      const ticket = { resolve: () => undefined, reject: this.port.failed };
      this.#publishing.restore(publishes.queues, ticket, this.settings.clock.now());
      this.#publisher = publishes.publisher;
      this.#restored = publishes;
    }
    const missing = unsettled - this.#publishing.unsettled;
    if (missing > 0) this.port.failed(new ClientError('outcome-unknown', `${missing} publishes not kept`));
    this.#publishAgain(left);
  }

  /** Settles at the acknowledgement; rejects with ClientError. What can be seen to be wrong is never sent. */
  publish(stream: StreamName, data: unknown): Promise<Published> {
    const text = this.#check(stream, data);
    if (text instanceof ClientError) return Promise.reject(text);
    return new Promise((resolve, reject) => {
      this.#perform(this.#publishing.publish(stream, text, { resolve, reject }));
    });
  }

  welcomed(connection: number): void {
    this.#restored = null;
    this.#timers.cancelAll();
    this.#perform(this.#publishing.welcomed(connection));
  }

  gone(connection: number): void {
    this.#measured = null;
    this.#publishing.gone(connection);
  }

  received(connection: number, frame: ServerFrame): void {
    switch (frame.type) {
      case 'ack':
      case 'refused':
      case 'gap':
      case 'error':
        this.#perform(this.#publishing.answer(connection, frame));
        break;
      case 'probe':
        this.#timers.start('probe', this.settings.random() * frame.withinMs, () => {
          this.#perform(this.#publishing.probe());
        });
    }
  }

  /** 4010. What was never sent goes on under the new publisher; of the rest nobody can tell. */
  restarted(): void {
    this.#restored = null;
    this.#timers.cancelAll();
    const left = this.#publishing.abandon();
    this.#publishing = new Publishing();
    this.#publisher = randomName();
    this.#publishAgain(left);
  }

  #publishAgain(left: readonly Abandoned<Ticket>[]): void {
    for (const { stream, seq, data, ticket, sent } of left) {
      if (data === null || ticket === null) continue;
      if (sent) this.#reject(stream, seq, ticket, unknownOutcome('the session is gone'));
      else this.#perform(this.#publishing.publish(stream, data, ticket));
    }
  }

  stopped(error: ClientError): void {
    this.#stopped = error;
    this.#timers.cancelAll();
    for (const { stream, seq, ticket, sent } of this.#publishing.abandon())
      if (ticket) this.#reject(stream, seq, ticket, sent ? unknownOutcome(error.message) : error);
  }

  #check(stream: StreamName, data: unknown): string | ClientError {
    if (this.#stopped) return new ClientError('closed', this.#stopped.message, { cause: this.#stopped });
    if (!isStreamName(stream)) return badName(stream, 'stream');
    const text = toJson(data);
    if (text instanceof ClientError) return text;
    const { maxUnsettled, maxUnsettledLength } = this.settings;
    const full = this.#publishing.unsettled >= maxUnsettled || this.#publishing.unsettledLength >= maxUnsettledLength;
    return full
      ? new ClientError('too-many-unsettled', `${this.#publishing.unsettled} publishes wait for their answer`)
      : text;
  }

  #perform(effects: readonly PublishEffect<Ticket>[]): void {
    for (const effect of effects) this.#do(effect);
    this.port.changed();
  }

  #do(effect: PublishEffect<Ticket>): void {
    const { stream } = effect;
    switch (effect.type) {
      case 'send':
        if (OBSERVED) this.settings.observer?.({ ...effect, type: 'publish' });
        this.port.send(effect.connection, publishText(effect));
        this.#measured ??= { stream, seq: effect.seq, atMs: this.settings.clock.monotonic() };
        break;
      case 'settled':
        if (OBSERVED) this.settings.observer?.({ type: 'ack', stream, seq: effect.seq, mark: effect.ticket === null });
        this.#measure(stream, effect.seq);
        return effect.ticket?.resolve({ seq: effect.seq });
      case 'rejected':
        if (effect.ticket)
          this.#reject(stream, effect.seq, effect.ticket, new ClientError(effect.code, effect.message));
        break;
      case 'lost':
        if (OBSERVED) this.settings.observer?.({ type: 'lost', stream, ranges: effect.ranges });
        this.port.lost({ stream, ranges: effect.ranges });
        break;
      case 'wait': {
        this.#measured = null;
        const delayMs = retryDelayMs(this.settings, effect.failures, effect.atLeastMs);
        this.#timers.start(`retry ${stream}`, delayMs, () => {
          this.#perform(this.#publishing.retryDue(stream));
        });
        break;
      }
      default:
        return effect satisfies never;
    }
  }

  #measure(stream: StreamName, seq: number): void {
    if (this.#measured?.stream !== stream || this.#measured.seq !== seq) return;
    const tookMs = this.settings.clock.monotonic() - this.#measured.atMs;
    this.#roundTripMs = (this.#roundTripMs ?? tookMs) * 0.75 + tookMs * 0.25;
    this.#measured = null;
  }

  #reject(stream: StreamName, seq: number, ticket: Ticket, error: ClientError): void {
    if (OBSERVED) this.settings.observer?.({ type: 'rejected', stream, seq, code: error.code });
    ticket.reject(error);
  }
}

/** Around data that is JSON text already, so that each sending has the same bytes. */
function publishText({ stream, seq, after, data }: Extract<PublishEffect<Ticket>, { readonly type: 'send' }>): string {
  const body = data === null ? '' : `,"data":${data}`;
  return `{"type":"publish","stream":"${stream}","seq":${seq},"after":${after}${body}}`;
}

function toJson(data: unknown): string | ClientError {
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) return new ClientError('bad-frame', 'no JSON form');
  const broken = brokenBound(data);
  if (broken !== null) return new ClientError('bad-frame', broken);
  const tooBig = text.length > MAX_DATA_BYTES || new TextEncoder().encode(text).length > MAX_DATA_BYTES;
  return tooBig ? new ClientError('too-big', `larger than ${MAX_DATA_BYTES} bytes of JSON`) : text;
}

const unknownOutcome = (why: string): ClientError => new ClientError('outcome-unknown', `sent, not answered: ${why}`);
