import { anyTime, milliseconds, optionalFile, upTo, whole, type Option } from './option.js';

export interface WebhooksConfig {
  /** JSON array of {tenant, url, secret, events?}; null: no webhooks. */
  readonly file: string | null;
  /** How long a session may be held by nobody before that is told: a hand-over and a resume are shorter. */
  readonly graceMs: number;
  /** For the answer to one sending. */
  readonly timeoutMs: number;
  /** How long an event is sent again before it is given up. */
  readonly retryForMs: number;
  /** The longest pause between two sendings of an event. */
  readonly retryMaxMs: number;
  /** Events that wait for one tenant's receiver; past it the oldest are dropped. */
  readonly queue: number;
  /** Sendings of one pod that are under way at once, to all receivers. */
  readonly concurrency: number;
}

export const webhooks: { readonly [Field in keyof WebhooksConfig]: Option<WebhooksConfig[Field]> } = {
  file: optionalFile({
    key: 'BATON_WEBHOOKS_FILE',
    description:
      'Where sessions are told of: a JSON array of `{tenant, url, secret, events}`, one row a tenant. Without it there ' +
      'are no webhooks.',
  }),
  graceMs: milliseconds(
    {
      key: 'BATON_WEBHOOKS_GRACE_MS',
      fallback: 10_000,
      description: 'A session that is connected again within this time was not disconnected.',
    },
    upTo(600_000),
  ),
  timeoutMs: milliseconds(
    { key: 'BATON_WEBHOOKS_TIMEOUT_MS', fallback: 10_000, description: 'For the answer of a receiver.' },
    upTo(60_000),
  ),
  retryForMs: milliseconds(
    {
      key: 'BATON_WEBHOOKS_RETRY_FOR_MS',
      fallback: 86_400_000,
      description: 'How long an event is sent again and again before it is given up.',
    },
    { min: 1, max: 7 * anyTime.max },
  ),
  retryMaxMs: milliseconds(
    {
      key: 'BATON_WEBHOOKS_RETRY_MAX_MS',
      fallback: 3_600_000,
      description:
        'The longest pause between two sendings of an event; the first is at most 2 s, each next up to twice as long.',
    },
    anyTime,
  ),
  queue: whole(
    {
      key: 'BATON_WEBHOOKS_QUEUE',
      fallback: 10_000,
      description: "Events that wait for one tenant's receiver; past it the oldest are dropped.",
    },
    { min: 1, max: 1_000_000 },
  ),
  concurrency: whole(
    {
      key: 'BATON_WEBHOOKS_CONCURRENCY',
      fallback: 64,
      description: 'Sendings of one pod that are under way at once; to one receiver an eighth of them.',
    },
    { min: 1, max: 1_000 },
  ),
};
