import type { WebhooksConfig } from '../config/webhook-options.js';
import { backoffMs } from '../lib/backoff.js';
import type { Standing } from './delivery-slots.js';

/** What came of one sending. */
export type Sent =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** How long the receiver asks to be left alone. */
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable' };

export type Afterwards =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly afterMs: number }
  /** `gone`: it answered 410, that it wants none of it. */
  | { readonly kind: 'given-up'; readonly why: 'gone' | 'too-old' };

/** Doubled with each try: the first pause is at most twice this. */
const BASE_MS = 1_000;
const GONE = 410;

export interface Trial {
  /** With this one. */
  readonly tries: number;
  /** Since it was enqueued. */
  readonly ageMs: number;
}

/** A redirection is a failure like another: where events go is the operator's to say. */
export function afterSending(
  sent: Sent,
  { tries, ageMs }: Trial,
  { retryForMs, retryMaxMs }: Pick<WebhooksConfig, 'retryForMs' | 'retryMaxMs'>,
  random: () => number = Math.random,
): Afterwards {
  const answered = sent.kind === 'answered';
  if (answered && sent.status >= 200 && sent.status < 300) return { kind: 'delivered' };
  if (answered && sent.status === GONE) return { kind: 'given-up', why: 'gone' };
  const restMs = retryForMs - ageMs;
  if (restMs <= 0) return { kind: 'given-up', why: 'too-old' };
  const asked = answered ? Math.min(sent.retryAfterMs ?? 0, retryMaxMs) : 0;
  const pauseMs = Math.max(asked, backoffMs(tries, BASE_MS, retryMaxMs, random));
  // The last one is sent at the end of the time, not given up before it.
  return { kind: 'again', afterMs: Math.min(pauseMs, restMs) };
}

/** One that takes longer than this part of the timeout keeps its slots as one does that fails. */
const SLOW_PART = 4;
type Patience = Pick<WebhooksConfig, 'timeoutMs'>;

export function standingAfter({ kind }: Afterwards, tookMs: number, { timeoutMs }: Patience): Standing {
  if (kind !== 'delivered') return 'failing';
  return tookMs > timeoutMs / SLOW_PART ? 'slow' : 'quick';
}

/** Whose events have waited when this pod hears of them first has probably not taken them from others. */
export function presumed(standing: Standing, oldestMs: number, { timeoutMs }: Patience): Standing {
  return standing === 'new' && oldestMs > timeoutMs / SLOW_PART ? 'slow' : standing;
}
