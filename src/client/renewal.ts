import type { ClientSettings } from './client-options.js';
import { retryDelayMs } from './retry-delay.js';
import type { Timers } from './timers.js';

/** A pod says `credential` a minute before the end; anything up to here asks for a renewal. */
const RENEW_BELOW_MS = 65_000;
const TIMER = 'renew';

export interface RenewalPort {
  token(): Promise<string>;
  send(connection: number, token: string): void;
  failed(error: unknown): void;
}

interface UnderWay {
  readonly connection: number;
  /** When the credential that is to be replaced ends. */
  readonly endsAtMs: number;
  readonly failures: number;
  sent: boolean;
}

/**
 * Replaces the credential of the current connection before it ends: one renewal at a time, tried again while the old
 * one lives. Nothing is lost if that fails: the pod closes 4501 then.
 */
export class Renewal {
  #underWay: UnderWay | null = null;
  #connection: number | null = null;

  constructor(
    private readonly settings: Pick<ClientSettings, 'clock' | 'backoff' | 'random'>,
    private readonly timers: Timers,
    private readonly port: RenewalPort,
  ) {}

  /** `credential`. The answer to a renewal asks for no other, however short the new credential lives. */
  credential(connection: number, expiresInMs: number): void {
    const answer = this.#underWay !== null;
    this.cancel();
    if (answer || expiresInMs > RENEW_BELOW_MS) return;
    const endsAtMs = this.settings.clock.monotonic() + expiresInMs;
    this.#ask({ connection, endsAtMs, failures: 0, sent: false });
  }

  /** An `error` that concerns neither a stream nor a presence, which may be the answer to `token`. */
  error(connection: number, retryAfterMs: number | undefined): void {
    const underWay = this.#underWay;
    if (underWay?.connection !== connection || !underWay.sent) return;
    this.#underWay = null;
    if (retryAfterMs !== undefined) this.#later(underWay, retryAfterMs);
  }

  gone(connection: number): void {
    if (this.#connection === connection) this.cancel();
  }

  cancel(): void {
    this.#underWay = null;
    this.#connection = null;
    this.timers.cancel(TIMER);
  }

  #ask(underWay: UnderWay): void {
    this.#underWay = underWay;
    this.#connection = underWay.connection;
    this.port.token().then(
      (token) => {
        if (this.#underWay !== underWay) return;
        underWay.sent = true;
        this.port.send(underWay.connection, token);
      },
      (error: unknown) => {
        this.port.failed(error);
        if (this.#underWay !== underWay) return;
        this.#underWay = null;
        this.#later(underWay, 0);
      },
    );
  }

  #later({ connection, endsAtMs, failures }: UnderWay, atLeastMs: number): void {
    const afterMs = retryDelayMs(this.settings, failures, atLeastMs);
    if (this.settings.clock.monotonic() + afterMs >= endsAtMs) return;
    this.timers.start(TIMER, afterMs, () => {
      this.#ask({ connection, endsAtMs, failures: failures + 1, sent: false });
    });
  }
}
